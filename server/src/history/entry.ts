/** Makes an entry of what ran. Only what is named here is kept: no variables, no input, no output. */
import { present } from '../base/present.ts';
import { createHash, randomBytes } from 'node:crypto';
import { type ErrorKind, type ExecuteShellParams, type Execution, ExecuteShell, FAILED, type HistoryEntry, type InitializeParams, type InstallPackagesParams, RunCode, type RunCodeParams, type SessionCreateParams } from '../protocol/index.ts';
import type { HistoryPolicy } from '../policy/history.ts';

/** What the client asked for when it made the session, as far as another one like it needs it. */
export type Asked = Pick<SessionCreateParams, 'label' | 'image' | 'workspace' | 'network' | 'limits'>;

export interface Ran {
  /** The name of its method. */
  readonly method: string;
  readonly params: unknown;
  readonly sessionId: string;
  /** That of the session. */
  readonly language: string | undefined;
  readonly runtime: string;
  readonly asked: Asked | undefined;
  readonly client: InitializeParams['clientInfo'];
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  /** Since it was asked for, in milliseconds. */
  readonly durationMs: number;
  /** How it ended, or why there is no result. */
  readonly result: (Execution & { readonly language?: string; readonly manager?: string }) | ErrorKind;
  /** The file that ran, if somebody has read it. */
  readonly file: Buffer | undefined;
  /** Takes secrets out of a text. */
  redact(text: string): string;
}

export const MAX_KEPT_BYTES = 256 * 1024;
const MAX_ARGS_BYTES = 64 * 1024;
const ID_BYTES = 8;

export function entryFor(ran: Ran, { code: keeping }: Pick<HistoryPolicy, 'code'>): HistoryEntry {
  const redacted = new Redacted(ran.redact);
  const { method, sessionId, language, runtime, asked = {}, client, at, durationMs, result } = ran;
  const what = whatRan(ran, keeping === 'keep');
  const told = redacted.all({
    ...(asked.label === undefined ? {} : { label: asked.label }),
    ...what,
    ...(asked.image === undefined ? {} : { image: asked.image }),
    ...(asked.workspace ? { workspace: { uri: asked.workspace.uri, access: asked.workspace.access } } : {}),
  });
  return {
    entryId: randomBytes(ID_BYTES).toString('hex'),
    at: new Date(at).toISOString(),
    sessionId,
    method,
    ...(language === undefined ? {} : { language }),
    runtime,
    ...told,
    ...(redacted.any ? { redacted: true } : {}),
    ...ending(result, durationMs),
    ...(client ? { client: { name: client.name, ...(client.version === undefined ? {} : { version: client.version }) } } : {}),
    ...(asked.network ? { network: asked.network } : {}),
    ...(asked.limits ? { limits: asked.limits } : {}),
  };
}

/** The digest by which a program or a command is known again. */
export function digestOf(text: string | Buffer | readonly string[]): { readonly codeSha256: string; readonly codeBytes: number } {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(typeof text === 'string' ? text : text.join('\0'));
  return { codeSha256: createHash('sha256').update(bytes).digest('hex'), codeBytes: bytes.length };
}

type What = Partial<Pick<HistoryEntry, 'language' | 'path' | 'uri' | 'cwd' | 'args' | 'codeSha256' | 'codeBytes' | 'code' | 'command' | 'manager' | 'packages' | 'manifest'>>;

function whatRan({ method, params, file }: Ran, keeps: boolean): What {
  if (method === RunCode.name) return codeThatRan(params as RunCodeParams, file, keeps);
  if (method === ExecuteShell.name) return commandThatRan(params as ExecuteShellParams, keeps);
  const { manager, packages, manifest } = params as InstallPackagesParams;
  return present({ manager, packages: packages && fitting(packages), manifest });
}

function codeThatRan({ code, path, uri, cwd, args, language }: RunCodeParams, file: Buffer | undefined, keeps: boolean): What {
  const program = code ?? file;
  const digest = program === undefined ? undefined : digestOf(program);
  const isKept = keeps && digest && digest.codeBytes <= MAX_KEPT_BYTES;
  return present({ language, path, uri, cwd, args: args && fitting(args), ...digest, code: isKept ? program?.toString() : undefined });
}

function commandThatRan({ command, cwd }: ExecuteShellParams, keeps: boolean): What {
  const digest = digestOf(command);
  return present({ cwd, ...digest, command: keeps && digest.codeBytes <= MAX_KEPT_BYTES ? command : undefined });
}

/** undefined: they are too long to be kept. */
function fitting(words: string[]): string[] | undefined {
  return words.reduce((sum, word) => sum + Buffer.byteLength(word), 0) <= MAX_ARGS_BYTES ? words : undefined;
}

function ending(result: Ran['result'], durationMs: number): Pick<HistoryEntry, 'outcome' | 'error' | 'exitCode' | 'signal' | 'durationMs' | 'stdoutBytes' | 'stderrBytes' | 'usage'> {
  if (typeof result === 'string') return { outcome: FAILED, error: result, exitCode: null, signal: null, durationMs, stdoutBytes: 0, stderrBytes: 0 };
  const { outcome, exitCode, signal, stdoutBytes, stderrBytes, usage, language, manager } = result;
  return { outcome, exitCode, signal, durationMs: result.durationMs, stdoutBytes, stderrBytes, ...present({ usage, language, manager }) };
}

/** Takes secrets out of texts, and knows whether there were any. */
class Redacted {
  readonly #redact: (text: string) => string;
  any = false;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  all<T>(value: T): T {
    if (typeof value === 'string') return this.#text(value) as T & string;
    if (Array.isArray(value)) return value.map((each: unknown) => this.all(each)) as T & unknown[];
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.all(each)])) as T;
  }

  #text(text: string): string {
    const without = this.#redact(text);
    this.any ||= without !== text;
    return without;
  }
}
