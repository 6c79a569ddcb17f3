/** Reads the settings `codebeaker.*`. They are read again whenever they are needed. package.json says which of them a workspace may set. */
import type { LanguageId, Network, PartialLimits, Preference } from 'codebeaker/protocol';
import type { Code, vscode } from './code.ts';

/** What the files of a language, or of a glob, are run with instead of the defaults. */
export interface Profile {
  readonly runtime?: string;
  readonly image?: string;
  readonly limits?: PartialLimits;
  readonly network?: Network;
}

/** What is copied into a sandbox: the folder that the file is in, the whole workspace folder, or only the file. */
export type Share = 'folder' | 'workspaceFolder' | 'nothing';

/** What happens when a file is run whose program is still running. */
export type WhenRunning = 'ask' | 'restart' | 'another';

/** Where a program starts: in the folder that was copied, in the file's folder, or in the workspace folder, which is copied for that. */
export type WorkingDirectory = 'copiedFolder' | 'fileFolder' | 'workspaceFolder';

export interface Settings {
  /** `url`: where another daemon listens that does the work; empty: one of this machine is started. */
  readonly server: { readonly path: string; readonly config: string; readonly url: string; readonly ca: string; readonly sameMachine: boolean };
  /** What programs may reach if no profile says otherwise: nothing, what the person allows when asked, or everything public. */
  readonly network: 'none' | 'ask' | 'full';
  readonly preference: Preference | undefined;
  readonly strict: boolean;
  readonly trace: 'off' | 'messages' | 'verbose';
  readonly limits: PartialLimits;
  readonly languages: Readonly<Partial<Record<LanguageId, Profile>>>;
  /** Glob → profile. If several globs match, the last one wins. */
  readonly files: Readonly<Record<string, Profile>>;
  readonly share: Share;
  readonly workingDirectory: WorkingDirectory;
  readonly whenRunning: WhenRunning;
  /** How many sessions of ended runs stay open. */
  readonly keepSessions: number;
  readonly focusTerminal: boolean;
  readonly diagnostics: boolean;
  /** Whether code is scanned: findings are shown, or also refused before they run. */
  readonly scan: 'off' | 'advise' | 'block';
  /** Whether the person is told when a program begins to listen on a port. */
  readonly ports: 'notify' | 'never';
  /** Whether the packages of a manifest are installed before a run. */
  readonly packages: 'auto' | 'ask' | 'never';
  /** The names of the secrets that programs get; none in Restricted Mode. */
  readonly secrets: readonly string[];
  /** Those that the person's own settings name, whatever the workspace says. */
  readonly ownSecrets: readonly string[];
}

export const SECTION = 'codebeaker';

/** @param scope the file that the settings are for. In Restricted Mode the editor leaves out what the workspace sets. */
export function readSettings({ workspace }: Code, scope?: vscode.Uri): Settings {
  const values = workspace.getConfiguration(SECTION, scope);
  const text = (name: string) => values.get<string>(name) ?? '';
  return {
    server: { path: text('server.path'), config: text('server.config'), url: text('server.url').trim(), ca: text('server.ca'), sameMachine: values.get<boolean>('server.sameMachine') ?? false },
    network: workspace.isTrusted ? (values.get<Settings['network']>('network') ?? 'none') : 'none',
    preference: (text('preference') || undefined) as Preference | undefined,
    strict: values.get<boolean>('strict') ?? false,
    trace: values.get<Settings['trace']>('trace.server') ?? 'off',
    limits: values.get<PartialLimits>('limits') ?? {},
    languages: values.get<Settings['languages']>('languages') ?? {},
    files: values.get<Settings['files']>('files') ?? {},
    share: values.get<Share>('share') ?? 'folder',
    workingDirectory: values.get<WorkingDirectory>('workingDirectory') ?? 'copiedFolder',
    whenRunning: values.get<WhenRunning>('whenRunning') ?? 'ask',
    keepSessions: values.get<number>('keepSessions') ?? 4,
    focusTerminal: values.get<boolean>('terminal.focus') ?? false,
    diagnostics: values.get<boolean>('diagnostics') ?? true,
    scan: values.get<Settings['scan']>('scan') ?? 'advise',
    ports: values.get<Settings['ports']>('ports') ?? 'notify',
    packages: values.get<Settings['packages']>('packages') ?? 'auto',
    secrets: workspace.isTrusted ? (values.get<readonly string[]>('secrets') ?? []) : [],
    ownSecrets: values.inspect<readonly string[]>('secrets')?.globalValue ?? [],
  };
}
