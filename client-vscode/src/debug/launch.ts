/** What a launch configuration says, as a run with what only debugging knows. */
import { posix } from 'node:path';
import type { Code, vscode } from '../base/code.ts';
import { extensionOf, languageOf } from '../run/source/language.ts';
import type { Options, RememberedOptions } from '../run/source/options.ts';
import { type RunNeeds, type RunSpec, runSpecOf } from '../run/source/run-spec.ts';
import type { Source } from '../run/source/source.ts';
import { isAbsolute, type LaunchConfiguration, LaunchFault, launchMembers, type LaunchMembers } from './launch-members.ts';

export const DEBUG_TYPE = 'codebeaker';

export interface DebugSpec {
  readonly run: RunSpec;
  /** What it needs in place of what a run needs. */
  readonly needs: RunNeeds;
  /** The folder in which the program should start and can't, because the sandbox does not have it. */
  readonly missingCwd: string | undefined;
  readonly stopOnEntry: boolean;
  readonly justMyCode: boolean;
  /** Whether the program runs in a terminal of the editor. */
  readonly terminal: boolean;
  /** 0: no time limit, unless it was asked for. */
  readonly timeoutMs: number;
}

export interface LaunchSurroundings {
  readonly remembered: RememberedOptions;
  /** The folder of the workspace that the configuration is of. undefined: none is open. */
  readonly root: vscode.Uri | undefined;
}

/** @throws LaunchFault */
export async function debugSpecOf(code: Code, configuration: LaunchConfiguration, { remembered, root }: LaunchSurroundings): Promise<DebugSpec> {
  const { l10n } = code;
  const members = launchMembers(code, configuration);
  const { stopOnEntry = false, justMyCode = true, console = 'internalConsole', limits, runtime, image, network, secrets, secretNames, cwd } = members;
  const uri = programUri(code, members, root);
  const document = await Promise.resolve(code.workspace.openTextDocument(uri)).catch(() => {
    throw new LaunchFault(l10n.t('{0} cannot be read', members.program ?? ''));
  });
  const language = languageOf(members.language ?? document.languageId);
  const { options, manifest } = optionsOf(members, remembered.of(document.uri));
  const run = language && runSpecOf(code, document, options, undefined, language);
  if (!run) throw new LaunchFault(l10n.t('Code of the language {0} can’t be run in a sandbox.', members.language ?? document.languageId));
  const profile = { ...run.profile, ...given({ runtime, image, network }), limits: { ...run.profile.limits, ...limits } };
  const source = placed(code, members, run.source);
  if (manifest !== undefined && !source.folder) throw new LaunchFault(l10n.t('packages in the launch configuration names a manifest, and no folder goes along in which it could lie.'));
  return {
    run: { ...run, source, profile, debug: true },
    needs: given({ manifest, secrets, secretNames }),
    missingCwd: cwd === undefined || startsIn(code, source, cwd) ? undefined : cwd,
    stopOnEntry,
    justMyCode,
    terminal: console === 'integratedTerminal',
    timeoutMs: limits?.timeoutMs ?? 0,
  };
}

/** As with `codebeaker dap`, a path is relative to `cwd`, else to the folder that is open. @throws LaunchFault */
function programUri({ Uri, l10n }: Code, { program, cwd }: LaunchMembers, root: vscode.Uri | undefined): vscode.Uri {
  if (program === undefined) throw new LaunchFault(l10n.t('The launch configuration names no program.'));
  if (isAbsolute(program)) return Uri.file(program);
  if (/^[A-Za-z][\w+.-]+:/.test(program)) return Uri.parse(program);
  const base = cwd === undefined ? root : Uri.file(cwd);
  if (!base) throw new LaunchFault(l10n.t('program in the launch configuration must be an absolute path where no folder is open.'));
  return Uri.joinPath(base, program.replaceAll('\\', '/'));
}

/** What the configuration does not say is as in a run of the file. */
function optionsOf({ args, env, packages }: LaunchMembers, known: Options): { readonly options: Options; readonly manifest: string | undefined } {
  const { stdin: _, ...others } = known;
  const { names, manifest } = packages === undefined ? {} : 'length' in packages ? { names: packages } : packages;
  return { options: { ...others, ...given({ args, env, packages: names }) }, manifest };
}

/** The source, with the folder and the working directory of the configuration. @throws LaunchFault */
function placed({ Uri, l10n, workspace }: Code, { folder, cwd }: LaunchMembers, source: Source): Source {
  const { uri } = source;
  if (uri.scheme !== 'file' || !workspace.isTrusted) return source;
  const { withheld: _, ...others } = source;
  if (folder === false) return { ...others, withheld: undefined, folder: undefined, path: pathBelow(Uri.joinPath(uri, '..'), source), cwd: '.' };
  const wanted = folder === undefined ? undefined : Uri.file(folder);
  if (wanted && !isBelow(uri, wanted)) throw new LaunchFault(l10n.t('folder in the launch configuration must be the absolute path of a folder in which the program lies.'));
  const start = cwd === undefined ? undefined : Uri.file(cwd);
  const root = wanted ?? (start && isBelow(uri, start) ? start : source.folder);
  const moved = root && root.path !== source.folder?.path ? { ...others, withheld: undefined, folder: root, path: pathBelow(root, source), cwd: '.' } : source;
  return start && root && isIn(start, root) ? { ...moved, cwd: posix.relative(root.path, start.path) || '.' } : moved;
}

/** Whether the sandbox has the folder, so that the program starts there. */
function startsIn({ Uri }: Code, { uri, folder }: Source, cwd: string): boolean {
  const start = Uri.file(cwd);
  return folder ? isIn(start, folder) : uri.scheme === 'file' && posix.relative(posix.dirname(uri.path), start.path) === '';
}

function pathBelow(folder: vscode.Uri, { uri, language }: Source): string {
  const path = posix.relative(folder.path, uri.path);
  return posix.extname(path) === '' ? `${path}${extensionOf(language)}` : path;
}

function isIn(uri: vscode.Uri, folder: vscode.Uri): boolean {
  return posix.relative(folder.path, uri.path) === '' || isBelow(uri, folder);
}

function isBelow({ path }: vscode.Uri, folder: vscode.Uri): boolean {
  return path.startsWith(folder.path.endsWith('/') ? folder.path : `${folder.path}/`);
}

function given<T extends object>(values: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<{ [K in keyof T]: NonNullable<T[K]> }>;
}
