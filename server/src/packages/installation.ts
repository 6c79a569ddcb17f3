/**
 * One installation: a sandbox of its own that lives no longer than this, with the manifest, the registries and nothing else
 * of the session. What it has made is put onto the shelf when it is complete. However it ends, nothing else is left.
 */
import { posix } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { abortable } from '../base/promises.ts';
import { undoing } from '../base/undo.ts';
import { ProtocolError } from '../protocol/index.ts';
import { Collector } from '../runtime/machine/collector.ts';
import { SHELF } from '../runtime/packages.ts';
import type { Program, Sandbox, Sink } from '../runtime/ports.ts';
import type { Advise, Advisory, Installed, Manager, Mirrors, Order, Question, Step, Wish } from './ports.ts';
import { overflow } from './shelf/bound.ts';
import type { Measured } from './shelf/measure.ts';
import type { EnvironmentRecord } from './shelf/records.ts';
import { MAX_FILES, SCRATCH, type Shelf, type Staging } from './shelf/shelf.ts';
import { TooMuch } from './shelf/tree.ts';
import { stillKnown } from './verdicts.ts';

/** What an installation is, whoever asks for it. */
export interface Plan {
  readonly key: string;
  readonly manager: Manager;
  readonly wish: Wish;
  readonly mirrors: Mirrors;
  readonly maxBytes: number;
  /** What had been installed for this, and is not used because of its weaknesses. Absent: there is no such thing. */
  readonly before?: EnvironmentRecord | undefined;
  /** How long what was installed is in use at the least, in milliseconds since the epoch. */
  readonly until: number;
  /** Whether nobody waits for it. Then it holds up no other installation but of the same. */
  readonly background?: boolean;
  makeSandbox(staging: Staging, signal: AbortSignal): Promise<Sandbox>;
}

/** Who runs the manager's programs, so that a client sees their output. */
export interface Runner {
  /** Aborts when the installation is to end. */
  readonly signal: AbortSignal;
  /** Runs one program to its end. Resolves with whether it succeeded. */
  run(sandbox: Sandbox, program: Program): Promise<boolean>;
  report(message: string): void;
}

export interface InstallationParts {
  readonly shelf: Shelf;
  readonly clock: Clock;
  measure(path: string, signal: AbortSignal): Promise<Measured>;
  /** Asked where the manager itself can't tell of known weaknesses. undefined: nobody is asked. */
  readonly advise?: Advise | undefined;
  /** @throws ProtocolError PolicyDenied where what was installed has weaknesses that are not allowed. undefined: all are. */
  readonly judge: ((advisories: readonly Advisory[]) => void) | undefined;
}

export interface Made {
  readonly record: EnvironmentRecord;
  readonly advisories: readonly Advisory[] | undefined;
}

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/**
 * Resolves with undefined where a program of the manager failed: the runner knows how.
 * @throws ProtocolError DiskFull, LanguageUnsupported, PolicyDenied, and as `Runtime.create`; the reason of the runner's signal
 */
export function install(plan: Plan, runner: Runner, parts: InstallationParts): Promise<Made | undefined> {
  return undoing(async (undo) => {
    const staging = await parts.shelf.stage();
    undo.add(() => staging.discard());
    runner.report('starting a sandbox for the installation');
    const sandbox = await plan.makeSandbox(staging, runner.signal);
    undo.add(() => sandbox.close());
    const ended = new AbortController();
    undo.add(() => ended.abort());
    const full = overflow({
      path: staging.path, maxBytes: plan.maxBytes, maxFiles: MAX_FILES, clock: parts.clock, signal: ended.signal,
      measure: () => parts.measure(staging.path, ended.signal),
    }).catch((fault: unknown) => {
      if (ended.signal.aborted) return undefined;
      throw fault;
    });
    const made = await Promise.race([work(plan, staging, sandbox, runner, parts), full.then((why) => (why === undefined ? new Promise<never>(() => undefined) : Promise.reject(tooMuch(why))))]);
    ended.abort();
    if (!made) {
      await undo.all();
      return undefined;
    }
    await sandbox.close();
    const record = await keep(plan, staging, made, runner, parts);
    return { record, advisories: made.advisories };
  });
}

interface Worked {
  readonly searchPath: string;
  readonly installed: readonly Installed[];
  readonly modules: readonly string[];
  readonly advisories: readonly Advisory[] | undefined;
}

async function work({ manager, wish, mirrors, before }: Plan, staging: Staging, sandbox: Sandbox, runner: Runner, parts: InstallationParts): Promise<Worked | undefined> {
  const { signal } = runner;
  if (!sandbox.can.connections) throw new ProtocolError('SandboxFailed', 'packages can\'t be installed in sandboxes of this runtime, because no connection leads out of them; use docker or native');
  const home = `${SHELF}/${staging.name}`;
  const registries = await Promise.all(mirrors.all.map(async (mirror) => {
    const { port } = await sandbox.listen(0, (connection) => mirror.accept(connection));
    const { scope, origin, path } = mirror;
    return { scope, origin, url: `http://127.0.0.1:${port}${path}` };
  }));
  for (const [path, content] of wish.manifest?.files ?? []) await sandbox.files.write(path, content, { mode: 'overwrite', executable: undefined });
  const order: Order = { ...wish, home, scratch: posix.join(home, SCRATCH), registries, variables: mirrors.variables, constraints: mirrors.constraints };
  const probe = manager.probe(wish);
  if ((await ask(sandbox, probe.step, signal)) === undefined) throw new ProtocolError('LanguageUnsupported', probe.missing, { manager: manager.id });
  const searchPath = (await ask(sandbox, { command: ['sh', '-c', 'printf %s "$PATH"'], env: {} }, signal)) ?? '';
  runner.report(`${manager.id} installs`);
  for (const step of manager.steps(order)) {
    await prepare(sandbox, step);
    if (!(await runner.run(sandbox, programOf(step)))) return undefined;
  }
  signal.throwIfAborted();
  const installed = (await answer(sandbox, manager.list(order), signal)) ?? [];
  const audit = manager.audit?.(order);
  const audited = audit && (await answer(sandbox, audit, signal).catch(() => undefined));
  signal.throwIfAborted();
  const advisories = audited ?? (await parts.advise?.(manager.id, installed, signal)) ?? (before && stillKnown(before, installed));
  if (advisories) parts.judge?.(advisories);
  const { modules: folder } = manager.view(home, wish);
  const modules = folder === undefined ? [] : ((await ask(sandbox, { command: ['ls', '-A', folder], env: {} }, signal)) ?? '').split('\n').filter(isModule);
  return { searchPath, installed, modules, advisories };
}

/** A name that Node takes for that of a package, or of a scope. */
function isModule(name: string): boolean {
  return /^@?[A-Za-z0-9_][A-Za-z0-9._~-]*$/.test(name) && name.length <= 214;
}

async function keep({ key, manager, wish, until }: Plan, staging: Staging, { searchPath, installed, modules, advisories }: Worked, { signal, report }: Runner, { shelf, clock }: InstallationParts): Promise<EnvironmentRecord> {
  report('keeping what was installed');
  try {
    return await shelf.keep(staging, {
      key, manager: manager.id, label: labelOf(wish), locked: manager.isLocked(wish), searchPath, modules: [...modules], installed: [...installed],
      ...(advisories ? { audit: { at: clock.now(), advisories: [...advisories] } } : {}),
    }, until, signal);
  } catch (fault) {
    throw fault instanceof TooMuch ? tooMuch(`can't be kept: ${fault.message}`) : fault;
  }
}

const MAX_LABEL_LENGTH = 200;

/** For people: the name of the manifest, and the names of packages. */
export function labelOf({ names, manifest }: Wish): string {
  const label = [...(manifest ? [posix.basename(manifest.path)] : []), ...names].join(' ');
  return label.length > MAX_LABEL_LENGTH ? `${label.slice(0, MAX_LABEL_LENGTH - 1)}…` : label;
}

async function prepare(sandbox: Sandbox, { files = {} }: Step): Promise<void> {
  for (const [path, text] of Object.entries(files)) await sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
}

function programOf({ command, cwd = '/workspace', env }: Step): Program {
  return { command, cwd, env, stdin: 'none', pty: undefined };
}

async function answer<T>(sandbox: Sandbox, { step, read }: Question<T>, signal: AbortSignal): Promise<readonly T[] | undefined> {
  const text = await ask(sandbox, step, signal);
  return text === undefined ? undefined : read(text);
}

/** Runs a program and resolves with what it prints, or with undefined where it fails. */
async function ask(sandbox: Sandbox, step: Step, signal: AbortSignal): Promise<string | undefined> {
  await prepare(sandbox, step);
  const output = new Collector(MAX_ANSWER_BYTES);
  const sink: Sink = output.sink;
  const running = await sandbox.start(programOf(step), sink, signal);
  const exit = await abortable(signal, running.exited);
  return exit.kind === 'exited' && exit.code === 0 ? output.stdout().toString() : undefined;
}

function tooMuch(why: string): ProtocolError {
  return new ProtocolError('DiskFull', `the packages ${why}; nothing was installed`, { limit: 'packageBytes' });
}

