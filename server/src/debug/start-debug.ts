/** `debug/start`: a debugger as a command of its session. It runs in the sandbox, and so does the program. */
import { deferred } from '../base/promises.ts';
import { decodeContent } from '../command/content.ts';
import { environmentOf, type ExecuteContext, executeInto, scanned } from '../command/execute.ts';
import { languageOf } from '../command/language.ts';
import { type OutputTarget, StreamedOutput } from '../command/output.ts';
import { resolveEntry, resolvePath } from '../command/paths.ts';
import { place, requireDirectory, type Source } from '../command/place.ts';
import type { RunningCommand } from '../command/running-command.ts';
import { TemporaryFiles } from '../command/temporary.ts';
import { type DebugEndedParams, type DebugStartParams, type DebugStartResult, invalidParam, type LanguageId, type Limits, ProtocolError } from '../protocol/index.ts';
import { scratchFolder } from '../runtime/scratch.ts';
import type { Session } from '../session/session.ts';
import type { DebugHost, DebugLanguage } from './adapter.ts';
import { AdapterProcess } from './adapter-process.ts';
import { debugLanguages, debuggerOf, reasonOf } from './adapters/table.ts';
import { build } from './build.ts';
import { capture, type CaptureOptions } from './capture.ts';
import { Family, type FamilyParts } from './children/family.ts';
import type { DapMessage } from './dap.ts';
import { type End, whyEnded } from './ending.ts';
import { Exchange } from './exchange.ts';
import { findAdapter } from './find.ts';
import type { MakeMend } from './mend.ts';
import { PathMap } from './paths.ts';
import type { ReadyAdapter } from './ready-adapter.ts';
import type { ReadyAdapters } from './ready-adapters.ts';
import { type AdapterStart, programOf, startAdapter } from './start-adapter.ts';
import { Terminal } from './terminal.ts';
import { launchOf, type Wish } from './wish.ts';

export interface DebugContext extends Omit<ExecuteContext, 'warm' | 'data' | 'begins'> {
  host(language: LanguageId): DebugHost;
  /** The address of the client's folder that is /workspace. undefined: there is none. */
  folder(session: Session): string | undefined;
  /** Those that wait in sessions. */
  readonly ready: ReadyAdapters;
  /** Resolves when the client has room for the next message. */
  send(debugId: string, message: DapMessage): Promise<void>;
  ended(params: DebugEndedParams): Promise<void>;
  /** The debugger takes messages of the client from now on, until the returned function is called. */
  open(debugId: string, exchange: Exchange): () => void;
}

/** What the program prints comes in the messages of the adapter, and is only counted. */
const counted: OutputTarget = { take: () => undefined, flush: () => Promise.resolve(), result: {}, truncated: false };

/** What is printed in the terminal goes to the client as the output of any command does. */
function inTerminal(output: OutputTarget): OutputTarget {
  return { ...counted, take: (stream, chunk) => (stream === 'pty' ? output.take(stream, chunk) : undefined), flush: () => output.flush() };
}

/** Resolves when the adapter runs. */
export function startDebug(session: Session, params: DebugStartParams, context: DebugContext): Promise<DebugStartResult> {
  const started = deferred<DebugStartResult>();
  void debug(session, params, context, started.resolve).catch(started.reject);
  return started.promise;
}

async function debug(session: Session, params: DebugStartParams, context: DebugContext, begun: (result: DebugStartResult) => void): Promise<void> {
  const language = languageOf(params, session.language);
  const row = debuggerOf(language);
  if (!row) throw unavailable(language, reasonOf(language), `it debugs ${debugLanguages.map((each) => each.language).join(', ')}`);
  requirePids(row, session.limits);
  const source = sourceOf(params);
  const cwd = resolvePath(params.cwd ?? '.');
  const folder = context.folder(session);
  const paths = new PathMap(params.pathMappings ?? (folder === undefined ? [] : [{ client: folder, sandbox: '/workspace' }]));
  let conversation: Conversation | undefined;
  let wish: Wish | undefined;
  let ready: ReadyAdapter | undefined;
  const terminal = params.pty && new Terminal(params.pty);
  const why = (end: End) => whyEnded(end, { limits: session.limits, timeoutMs: params.timeoutMs ?? 0, ran: row.inProgram ? 'the program' : 'the debugger' });
  const wayOut = (commandId: string) => {
    if (!terminal) return { target: counted };
    const { send, close } = context.stream(commandId);
    return { target: inTerminal(new StreamedOutput(send, 'utf-8', context.maxChunkBytes)), close };
  };
  const result = await executeInto(wayOut, session, { commandId: params.debugId, timeoutMs: params.timeoutMs ?? 0 }, context, async (running, startedRunning) => {
    const temporary = new TemporaryFiles(session);
    try {
      const toolchain = await session.sandbox.toolchain(language);
      if (!toolchain) throw unavailable(language, `this sandbox cannot run ${language}`, 'use another image or runtime');
      if (context.scan) await scanned(context, session, source.path === undefined ? { language, code: source.code.toString(), path: undefined } : { language, path: source.path, code: undefined }, running);
      const file = await place({ session, toolchain, language, source, settings: { cwd }, temporary }, undefined);
      const phasesOf = await (toolchain.debugPhasesFor ?? toolchain.phasesFor)?.(file, session.sandbox.files, cwd);
      wish = {
        row, toolchain,
        choice: { program: file.path, args: params.args ?? [], cwd, stopOnEntry: params.stopOnEntry ?? false, justMyCode: params.justMyCode ?? true, terminal: terminal !== undefined },
        stays: file.path === source.path,
        env: environmentOf(session, params),
        settled: session.environment.settled,
        phases: (folder) => (phasesOf ?? toolchain.phases)(file.path, [], folder),
      };
      // The program of one that waits has a stdin already, which is empty.
      if (terminal) context.ready.disturb(session);
      else ready = await context.ready.take(session, wish, running.stopping);
      const scratch = ready?.scratch ?? scratchFolder();
      temporary.add(scratch);
      if (ready) await requireDirectory(session.sandbox.files, cwd);
      else await session.sandbox.files.createDirectory(scratch, true);
      if (running.stopped) return;
      const launch = launchOf(wish, scratch);
      const found = ready?.found ?? await findAdapter(row, { sandbox: session.sandbox, host: context.host(language), clock: context.clock, toolchain, launch, scratch, halted: running.stopping });
      if (running.stopped) return;
      if (found.missing !== undefined) throw unavailable(language, found.missing, found.hint ?? row.hint);
      const unbuilt = await build(wish.phases(scratch), { sandbox: session.sandbox, running, settings: { cwd, env: wish.env }, started: startedRunning });
      if (running.stopped) return;
      conversation = { found, ready, launch, row, cwd, env: { ...launch.env, ...found.env(launch.env) }, paths, unbuilt, terminal, why, debugId: running.commandId };
      await converse(session, running, conversation, context, () => {
        startedRunning();
        if (!terminal && wish) context.ready.debugs(wish);
        begun({ debugId: running.commandId, adapter: { name: found.name, version: found.version } });
      });
    } finally {
      if (ready) context.ready.discard(session, ready);
      session.tidy(() => temporary.remove());
    }
  }, 0).catch(async (fault: unknown) => {
    if (!conversation?.process) throw fault;
    // Its session was closed while something in it hung, for which nobody waits any more.
    await conversation.process.exchange.close('the debugger has ended');
    const outcome = session.reason === undefined || session.reason === 'sandboxLost' ? ('sandboxLost' as const) : ('cancelled' as const);
    return { commandId: conversation.debugId, outcome, signal: null, quota: undefined };
  });
  const { commandId: debugId, outcome, signal, quota = undefined } = result;
  if (!conversation?.process) throw new ProtocolError(outcome === 'sandboxLost' ? 'SandboxLost' : 'SandboxFailed', `the debugger was ended before it had started: ${why({ outcome, signal, quota }) ?? `the outcome was ${outcome}`}`);
  const { process, close } = conversation;
  const verdict = process.verdict(outcome);
  // Who has ended it says nothing more.
  if (outcome !== 'cancelled' || session.reason === 'lifetime') await process.farewell(context.signal);
  close?.();
  await context.ended({ debugId, ...verdict });
  // What waits can be looked into by every program of the sandbox, so it has no variables but those of the session. It is of no use in a terminal.
  if (row.waits && !params.pty && Object.keys(params.env ?? {}).length === 0) context.ready.prepareSoon(session, () => Promise.resolve(wish));
}

interface Conversation extends AdapterStart {
  readonly paths: PathMap;
  /** Why the program was ended, if it has not ended by itself. */
  readonly why: (end: End) => string | undefined;
  readonly debugId: string;
  /** Is there when the adapter has started. */
  process?: AdapterProcess;
  /** Nothing of the client is taken any more. Is there when the adapter has started. */
  close?: () => void;
}

/** Runs the adapter to its end. */
async function converse(session: Session, running: RunningCommand, conversation: Conversation, context: DebugContext, begun: () => void): Promise<void> {
  const { found, launch, row, paths, unbuilt, terminal, why, debugId } = conversation;
  const over = new AbortController();
  const halted = AbortSignal.any([running.stopping, over.signal]);
  const process = new AdapterProcess({
    clock: context.clock,
    terminal,
    mend: unbuilt === undefined ? mendOf(conversation, { clock: context.clock, connect: (port) => session.sandbox.connect(port), halted }) : undefined,
    exchange: (adapter) => new Exchange({
      ...adapter,
      paths,
      secrets: session.environment.secrets,
      capabilities: row.capabilities,
      launch: row.launch(launch),
      toClient: (message) => context.send(debugId, message),
      runInTerminal: terminal && typeof found.command !== 'function' ? (asked) => terminal.run(asked) : undefined,
      read: (path) => readInside(session, path, { clock: context.clock, halted }),
    }),
  });
  const close = context.open(debugId, process.exchange);
  try {
    const program = programOf(conversation);
    await running.run('run', program, begun, {
      start: async (sink, stop) => {
        const started = await startAdapter(conversation, program, { sandbox: session.sandbox, clock: context.clock, messages: process.sink(sink, () => !running.stopped), exchange: process.exchange, shown: sink, stop });
        Object.assign(conversation, { process, close });
        return process.attach(started);
      },
    });
  } finally {
    over.abort();
    const { exitCode, disconnected } = process.exchange;
    const isKnown = conversation.process !== undefined || running.stopped;
    const reason = disconnected || !isKnown ? undefined : why(running.ending);
    await process.exchange.close(reason ?? (exitCode === undefined ? 'the debugger has ended' : 'the program has ended'), reason);
    if (!conversation.process) close();
  }
}

function mendOf({ row, launch }: Pick<AdapterStart, 'row' | 'launch'>, place: Omit<FamilyParts, 'wish'>): MakeMend | undefined {
  return row.child ? (sides) => new Family(sides, { ...place, wish: (event) => row.child?.(event, launch) }) : row.mends?.(launch);
}

/** A file that exists only inside, read by a program with the rights of all programs. */
async function readInside({ sandbox, env }: Session, path: string, options: Pick<CaptureOptions, 'clock' | 'halted'>): Promise<string | undefined> {
  if (!path.startsWith('/') || path.includes('\0')) return undefined;
  const { code, stdout } = await capture(sandbox, { command: ['head', '-c', String(MAX_SOURCE_BYTES), '--', path], cwd: '/tmp', env }, { ...options, maxBytes: MAX_SOURCE_BYTES }).catch(() => ({ code: undefined, stdout: '' }));
  return code === 0 ? stdout : undefined;
}

/** No more of a source is shown. */
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

function sourceOf({ code, path }: DebugStartParams): Source {
  if (code !== undefined && path === undefined) return { code: decodeContent(code, 'utf-8', 'code'), path };
  if (path !== undefined && code === undefined) return { path: resolveEntry(path), code };
  throw invalidParam('code', 'give exactly one of code and path');
}

/** A debugger that lacks a process or a thread would end late, or never, and not say why. */
function requirePids({ language, leastPids = 0 }: DebugLanguage, { pids }: Pick<Limits, 'pids'>): void {
  if (pids < leastPids) throw unavailable(language, `${language} is debugged with at least ${leastPids} processes and threads, and this session may have no more than ${pids} (limits.pids)`, 'make a session with a higher limit');
}

function unavailable(language: LanguageId, missing: string, hint: string): ProtocolError {
  return new ProtocolError('DebugUnavailable', `${missing}; ${hint}`, { language, missing, hint });
}
