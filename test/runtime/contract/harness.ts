/** What every topic of the contract suite uses: it makes sandboxes for tests, and runs programs to their end. */
import { expect } from 'chai';
import { type ErrorKind, type LanguageId, type Limits, ProtocolError } from '../../../server/src/protocol/index.ts';
import type { Exit, Process, Program, Runtime, Sandbox, SandboxSpec, Sink, Stream } from '../../../server/src/runtime/ports.ts';
import { need, type Probe } from '../../require.ts';
import type { Dialect } from './dialects.ts';

export interface Subject {
  readonly runtime: Runtime;
  /** The image for sandboxes without a language, if the runtime has images. */
  readonly image?: string;
  /** Ends the sandbox without the runtime's knowledge. */
  destroy?(sandbox: Sandbox): Promise<void>;
  /** What is on the host of the runtime's sandboxes: folders, containers, processes. */
  leftovers(): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

/** Says which tests are declared for a runtime. Those for what it does not have are not declared, so they do not count as skipped. */
export interface Features {
  /** Whether it runs lines of sh and programs by name, and processes can be listed. */
  readonly shell: boolean;
  readonly pty: boolean;
  readonly languages: readonly LanguageId[];
  /** What of the machine a language needs. Its tests are skipped where that is missing. */
  readonly needs?: Partial<Record<LanguageId, Probe>>;
  readonly enforces: readonly ('memory' | 'cpu' | 'pids' | 'disk')[];
  /** What is ended if a program uses too much memory: the program (the default), or the whole sandbox. */
  readonly memoryEnds?: 'sandbox';
  /** Whether the processor time that is told of a program has the time for which it waited for a processor. */
  readonly countsWaiting?: boolean;
  /** Whether the limits of a sandbox can be changed. */
  readonly adjusts?: boolean;
  /** Whether the machine lets the runtime hold a sandbox to limits as a whole. Where it does not, the tests of that are skipped. */
  readonly groups?: Probe | undefined;
  /** Whether file commands refuse a link in the workspace, or follow it within the sandbox. */
  readonly links: 'refused' | 'followed';
  /** A signal that does not end programs without a handler for it. */
  readonly deafTo?: string;
  /** The language in which the programs of the tests are written. */
  readonly dialect: Dialect;
}

export interface Parts {
  make(): Promise<Subject>;
  readonly features: Features;
}

const MIB = 1024 * 1024;

export const limits: Limits = {
  memoryBytes: 512 * MIB,
  cpus: 1,
  pids: 128,
  diskBytes: 128 * MIB,
  outputBytes: 16 * MIB,
  timeoutMs: 0,
  packageBytes: 64 * MIB,
};

export function specFor(subject: Subject, change: Partial<SandboxSpec> = {}): SandboxSpec {
  return {
    name: `contract-${Math.random().toString(36).slice(2)}`,
    language: undefined,
    image: subject.image,
    limits,
    workspace: undefined,
    ...change,
  };
}

export function create(subject: Subject, change: Partial<SandboxSpec> = {}): Promise<Sandbox> {
  return subject.runtime.create(specFor(subject, change), { signal: new AbortController().signal, report: () => undefined });
}

/** Makes a runtime, and one sandbox for all tests of the enclosing `describe`. */
export function useSandbox({ make }: Pick<Parts, 'make'>, change: Partial<SandboxSpec> = {}): { readonly subject: Subject; readonly sandbox: Sandbox } {
  const held: { subject?: Subject; sandbox?: Sandbox } = {};
  before(async () => {
    held.subject = await make();
    held.sandbox = await create(held.subject, change);
  });
  after(async () => {
    await held.sandbox?.close();
    await held.subject?.dispose();
  });
  return {
    get subject() {
      return present(held.subject);
    },
    get sandbox() {
      return present(held.sandbox);
    },
  };
}

/** Skips a test that needs the sandbox to be held to limits as a whole. */
export const needGroups = ({ groups }: Features): ((this: Mocha.Context) => Promise<void>) => need('control groups', groups ?? (() => undefined));

/** What the machine lacks for a language, or undefined. */
export const lackFor = async ({ needs }: Features, language: LanguageId): Promise<string | undefined> => needs?.[language]?.();

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not made');
  return value;
}

export interface Ran {
  readonly exit: Exit;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

type Change = Partial<Omit<Program, 'command'>>;

export function program(command: Program['command'], change: Change = {}): Program {
  return { command, cwd: '/workspace', env: {}, stdin: 'none', pty: undefined, ...change };
}

/** Collects the output of a program, and can be looked at while it runs. */
export class Output {
  readonly chunks: { readonly stream: Stream; readonly chunk: Buffer }[] = [];
  #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  readonly sink: Sink = (stream, chunk) => {
    this.chunks.push({ stream, chunk: Buffer.from(chunk) });
    const all = this.of(stream).toString('latin1');
    this.#waiting = this.#waiting.filter(({ text, resolve }) => {
      if (!all.includes(text)) return true;
      resolve();
      return false;
    });
  };

  of(stream: Stream): Buffer {
    return Buffer.concat(this.chunks.filter((piece) => piece.stream === stream).map(({ chunk }) => chunk));
  }

  /** Resolves when `text` has been written. */
  seen(text: string): Promise<void> {
    if (this.chunks.some(({ stream }) => this.of(stream).toString('latin1').includes(text))) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push({ text, resolve }));
  }
}

export async function start(sandbox: Sandbox, command: Program['command'], change: Change = {}): Promise<Process & { readonly output: Output }> {
  const output = new Output();
  const running = await sandbox.start(program(command, change), output.sink);
  return Object.assign(running, { output });
}

export async function run(sandbox: Sandbox, command: Program['command'], change: Change = {}): Promise<Ran> {
  const { output, exited } = await start(sandbox, command, change);
  const exit = await exited;
  return { exit, stdout: output.of('stdout'), stderr: output.of('stderr') };
}

/** The standard output of a program, which must exit with 0. */
export async function textOf(sandbox: Sandbox, command: Program['command'], change: Change = {}): Promise<string> {
  const { exit, stdout, stderr } = await run(sandbox, command, change);
  expect(exit, stderr.toString()).to.deep.include({ kind: 'exited', code: 0 });
  return stdout.toString();
}

/** Awaits a rejection with a ProtocolError of this kind, whose message has no path of the host in it. */
export async function rejects(work: Promise<unknown>, kind: ErrorKind): Promise<ProtocolError> {
  const fault = await work.then(
    () => new Error('it did not reject'),
    (reason: unknown) => reason,
  );
  if (!(fault instanceof ProtocolError)) throw fault;
  expect(fault.kind, fault.message).to.equal(kind);
  expect(fault.message).not.to.match(/codebeaker-\d|\/proc\/|\/home\//);
  return fault;
}

export const write = (sandbox: Sandbox, path: string, content: string | Buffer): Promise<void> =>
  sandbox.files.write(path, Buffer.from(content as string), { mode: 'overwrite', executable: undefined });

export const read = async (sandbox: Sandbox, path: string): Promise<string> =>
  (await sandbox.files.read(path, 0, undefined)).bytes.toString();

export async function names(sandbox: Sandbox, path: string, recursive = false): Promise<string[]> {
  const { entries } = await sandbox.files.list(path, { recursive, limit: 1000, accept: () => true });
  return entries.map((entry) => entry.path.slice(path.length + 1));
}

/** Repeats `check` as long as it fails, for a while. */
export async function eventually(check: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return void (await check());
    } catch (fault) {
      if (tries === 50) throw fault;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
