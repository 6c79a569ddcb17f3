/** The settings `codebeaker.*`, read when they are needed. What a workspace may set is in package.json. */
import type { LanguageId, Network, PartialLimits, Preference } from 'codebeaker/protocol';
import type { Code, vscode } from './code.ts';

/** What a language, or the files of a glob, are run with instead of the defaults. */
export interface Profile {
  readonly runtime?: string;
  readonly image?: string;
  readonly limits?: PartialLimits;
  readonly network?: Network;
}

/** `folder`: the file's own. `workspaceFolder`: the whole one it is in. */
export type Share = 'folder' | 'workspaceFolder' | 'nothing';

export interface Settings {
  readonly server: { readonly path: string; readonly config: string };
  readonly preference: Preference | undefined;
  readonly strict: boolean;
  readonly trace: 'off' | 'messages' | 'verbose';
  readonly limits: PartialLimits;
  readonly languages: Readonly<Partial<Record<LanguageId, Profile>>>;
  /** By glob; of several that fit, the later one wins. */
  readonly files: Readonly<Record<string, Profile>>;
  readonly share: Share;
  /** Sessions of ended runs that stay open to be looked into. */
  readonly keepSessions: number;
  readonly focusTerminal: boolean;
  readonly diagnostics: boolean;
}

export const SECTION = 'codebeaker';

/** `scope` is the file it is about. In Restricted Mode the editor leaves out what the workspace sets. */
export function readSettings({ workspace }: Code, scope?: vscode.Uri): Settings {
  const values = workspace.getConfiguration(SECTION, scope);
  const text = (name: string) => values.get<string>(name) ?? '';
  return {
    server: { path: text('server.path'), config: text('server.config') },
    preference: (text('preference') || undefined) as Preference | undefined,
    strict: values.get<boolean>('strict') ?? false,
    trace: values.get<Settings['trace']>('trace.server') ?? 'off',
    limits: values.get<PartialLimits>('limits') ?? {},
    languages: values.get<Settings['languages']>('languages') ?? {},
    files: values.get<Settings['files']>('files') ?? {},
    share: values.get<Share>('share') ?? 'folder',
    keepSessions: values.get<number>('keepSessions') ?? 4,
    focusTerminal: values.get<boolean>('terminal.focus') ?? false,
    diagnostics: values.get<boolean>('diagnostics') ?? true,
  };
}
