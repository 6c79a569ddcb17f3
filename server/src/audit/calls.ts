/** What is recorded of a call. Only what is named here: of any other method, its name and the session alone. */
import { hash } from 'node:crypto';
import type { ClientMethod, Method, ParamsOf, ResultOf } from '../protocol/index.ts';
import type { Fields } from './entry.ts';
import type { AuditKind } from './kinds.ts';

type Recorded = Extract<ClientMethod, { by: 'service'; kind: 'request' }>;
type Of<Name extends Recorded['name']> = Extract<Recorded, { name: Name }>;
type Params = { readonly [Name in Recorded['name']]?: (params: ParamsOf<Of<Name>>) => Fields };
type Results = { readonly [Name in Recorded['name']]?: (result: ResultOf<Of<Name>>) => Fields };
type Kinds = { readonly [Name in Recorded['name']]?: AuditKind };

const kinds: Kinds = {
  'command/writeFile': 'file', 'command/createDirectory': 'file', 'command/copyFile': 'file', 'command/deleteFile': 'file',
  'command/installPackages': 'install',
  'history/rerun': 'command',
  'debug/start': 'command',
};
const ofSections: Partial<Record<Method['section'], AuditKind>> = { Sessions: 'session', Commands: 'command', Ports: 'port' };

/** Whether a call is recorded: a request that changes something, or runs something. */
export function isRecorded({ kind, effect }: Method): boolean {
  return kind === 'request' && effect !== 'asks' && effect !== 'tells';
}

/** Whether a call may be refused where it can't be recorded. What ends something never is, and nor is what is said to a command that runs. */
export function mayBeRefused(method: Method): boolean {
  return isRecorded(method) && method.effect !== 'ends' && method.subject !== 'command';
}

export function kindOf({ name, section }: Method): AuditKind {
  return kinds[name as Recorded['name']] ?? ofSections[section] ?? 'client';
}

/** Digests of texts are made here. */
export function fieldsOfParams({ name }: Method, params: unknown): Fields {
  const tell = ofParams[name as Recorded['name']] as ((params: unknown) => Fields) | undefined;
  return tell?.(params) ?? {};
}

export function fieldsOfResult({ name }: Method, result: unknown): Fields {
  const tell = ofResults[name as Recorded['name']] as ((result: unknown) => Fields) | undefined;
  return tell?.(result) ?? {};
}

const ofParams: Params = {
  'session/create': ({ language, runtime, image, workspace, network, limits, strict, packages, secrets = {}, secretNames = [] }) => ({
    language, runtime, image, strict,
    ...(workspace ? { workspace: { uri: workspace.uri, access: workspace.access } } : {}),
    ...(network ? { network: { mode: network.mode, hosts: network.hosts } } : {}),
    ...(limits ? { limits: { ...limits } } : {}),
    ...(Object.keys(secrets).length + secretNames.length > 0 ? { secrets: [...Object.keys(secrets), ...secretNames] } : {}),
    ...(packages ? { packages: { manager: packages.manager, names: packages.names?.length, manifest: packages.manifest } } : {}),
  }),
  'command/executeShell': ({ command, cwd }) => ({
    ...(typeof command === 'string' ? { commandLine: digestOf(command) } : { words: { count: command.length, ...digestOf(command.join('\0')) } }), cwd,
  }),
  'command/runCode': ({ code, path, language, args = [], cwd }) => ({
    ...(code === undefined ? {} : { code: digestOf(code) }), path, language,
    ...(args.length > 0 ? { args: { count: args.length, ...digestOf(args.join('\0')) } } : {}), cwd,
  }),
  'debug/start': ({ code, path, language, args = [], cwd }) => ({
    ...(code === undefined ? {} : { code: digestOf(code) }), path, language,
    ...(args.length > 0 ? { args: { count: args.length, ...digestOf(args.join('\0')) } } : {}), cwd,
  }),
  'command/writeFile': ({ path, content, stream, encoding, mode, executable }) => ({ path, mode, executable, ...(stream !== undefined ? {} : digestOf(encoding === 'base64' ? Buffer.from(content, 'base64') : content)) }),
  'command/createDirectory': ({ path }) => ({ path }),
  'command/copyFile': ({ source, destination }) => ({ source, destination }),
  'command/deleteFile': ({ path, recursive }) => ({ path, recursive }),
  'command/installPackages': ({ manager, packages, manifest }) => ({ manager, names: packages?.length, manifest }),
  'history/rerun': ({ entryId }) => ({ entryId }),
  'history/clear': ({ before }) => ({ before }),
  'command/signal': ({ commandId, signal }) => ({ commandId, signal }),
  'ports/forward': ({ port, hostPort }) => ({ port, hostPort }),
  'ports/close': ({ port }) => ({ port }),
};

type Execution = ResultOf<Of<'command/executeShell'>>;

const ofExecution = ({ commandId, outcome, exitCode, signal, stdoutBytes, stderrBytes, usage }: Execution): Fields => ({
  commandId, outcome, exitCode, signal, stdoutBytes, stderrBytes,
  ...(usage ? { cpuMs: Math.round(usage.cpuMs), peakMemoryBytes: usage.peakMemoryBytes } : {}),
});

const ofResults: Results = {
  'session/create': ({ sessionId, isolation }) => ({ sessionId, bound: isolation.layers.find(({ name }) => name === 'secrets')?.detail }),
  'command/executeShell': ofExecution,
  'history/rerun': ({ sessionId, ...execution }) => ({ sessionId, ...ofExecution(execution) }),
  'history/clear': ({ removed }) => ({ removed }),
  'command/runCode': ({ language, ...execution }) => ({ language, ...ofExecution(execution) }),
  'command/installPackages': ({ manager, cached, ...execution }) => ({ manager, cached, ...ofExecution(execution) }),
  'command/writeFile': ({ path, bytes, sha256 }) => ({ path, ...(sha256 === undefined ? {} : { bytes, sha256 }) }),
  'command/createDirectory': ({ path, created }) => ({ path, created }),
  'command/copyFile': ({ source, destination }) => ({ source, destination }),
  'command/deleteFile': ({ path, deleted }) => ({ path, deleted }),
  'debug/start': ({ debugId, adapter }) => ({ commandId: debugId, adapter: `${adapter.name} ${adapter.version}` }),
  'ports/forward': ({ hostPort, address }) => ({ hostPort, address }),
};

/** A text is digested as UTF-8. */
function digestOf(text: string | Buffer): { bytes: number; sha256: string } {
  return { bytes: Buffer.byteLength(text), sha256: hash('sha256', text) };
}
