/** `debug/start`: a debugger as a command of its session. It runs in the sandbox, and so does the program. */
import { deferred } from '../base/promises.ts';
import { decodeContent } from '../command/content.ts';
import { environmentOf, type ExecuteContext, executeInto, scanned } from '../command/execute.ts';
import { languageOf } from '../command/language.ts';
import type { OutputTarget } from '../command/output.ts';
import { resolveEntry, resolvePath } from '../command/paths.ts';
import { place, type Source } from '../command/place.ts';
import type { RunningCommand } from '../command/running-command.ts';
import { TemporaryFiles } from '../command/temporary.ts';
import { type DebugEndedParams, type DebugStartParams, type DebugStartResult, type Environment, invalidParam, type LanguageId, ProtocolError } from '../protocol/index.ts';
import type { Program, Toolchain } from '../runtime/ports.ts';
import { scratchFolder } from '../runtime/scratch.ts';
import type { Session } from '../session/session.ts';
import type { DebugHost, DebugLanguage, FoundAdapter, LaunchRequest } from './adapter.ts';
import { AdapterProcess } from './adapter-process.ts';
import { debugLanguages, debuggerOf } from './adapters/table.ts';
import { capture } from './capture.ts';
import type { DapMessage } from './dap.ts';
import { Exchange } from './exchange.ts';
import { PathMap } from './paths.ts';

export interface DebugContext extends Omit<ExecuteContext, 'stream' | 'warm' | 'maxChunkBytes' | 'data'> {
  host(language: LanguageId): DebugHost;
  /** The address of the client's folder that is /workspace. undefined: there is none. */
  folder(session: Session): string | undefined;
  /** Resolves when the client has room for the next message. */
  send(debugId: string, message: DapMessage): Promise<void>;
  ended(params: DebugEndedParams): Promise<void>;
  /** The debugger takes messages of the client from now on, until the returned function is called. */
  open(debugId: string, exchange: Exchange): () => void;
}

/** What the program prints comes in the messages of the adapter, and is only counted. */
const counted: OutputTarget = { take: () => undefined, flush: () => Promise.resolve(), result: {}, truncated: false };

/** Resolves when the adapter runs. */
export function startDebug(session: Session, params: DebugStartParams, context: DebugContext): Promise<DebugStartResult> {
  const started = deferred<DebugStartResult>();
  void debug(session, params, context, started.resolve).catch(started.reject);
  return started.promise;
}

async function debug(session: Session, params: DebugStartParams, context: DebugContext, begun: (result: DebugStartResult) => void): Promise<void> {
  const language = languageOf(params, session.language);
  const row = debuggerOf(language);
  if (!row) throw unavailable(language, `CodeBeaker has no debugger for ${language}`, `it debugs ${debugLanguages.map((each) => each.language).join(', ')}`);
  const source = sourceOf(params);
  const cwd = resolvePath(params.cwd ?? '.');
  const folder = context.folder(session);
  const paths = new PathMap(params.pathMappings ?? (folder === undefined ? [] : [{ client: folder, sandbox: '/workspace' }]));
  let conversation: Conversation | undefined;
  const result = await executeInto(() => ({ target: counted }), session, { commandId: params.debugId, timeoutMs: params.timeoutMs ?? 0 }, context, async (running, startedRunning) => {
    const temporary = new TemporaryFiles(session);
    try {
      const toolchain = await session.sandbox.toolchain(language);
      if (!toolchain) throw unavailable(language, `this sandbox cannot run ${language}`, 'use another image or runtime');
      if (context.scan) await scanned(context, session, source.path === undefined ? { language, code: source.code.toString(), path: undefined } : { language, path: source.path, code: undefined }, running);
      const { path: program } = await place({ session, toolchain, language, source, settings: { cwd }, temporary }, undefined);
      const scratch = scratchFolder();
      temporary.add(scratch);
      const phase = runPhase(toolchain, program, scratch);
      const env = { ...phase.env, ...environmentOf(session, params) };
      const found = await findAdapter(row, { session, running, context, scratch, interpreter: phase.interpreter, env });
      if (!found) return;
      const launch: LaunchRequest = { program, args: params.args ?? [], cwd, env, stopOnEntry: params.stopOnEntry ?? false, justMyCode: params.justMyCode ?? true, interpreter: phase.interpreter, options: phase.options };
      conversation = { found, launch, row, cwd, env: { ...env, ...found.env(env) }, paths };
      await converse(session, running, conversation, context, () => {
        startedRunning();
        begun({ debugId: running.commandId, adapter: { name: found.name, version: found.version } });
      });
    } finally {
      session.tidy(() => temporary.remove());
    }
  }, 0);
  if (!conversation?.process) throw new ProtocolError(result.outcome === 'sandboxLost' ? 'SandboxLost' : 'SandboxFailed', `the debugger was ended before it had started: the outcome was ${result.outcome}`);
  await context.ended({ debugId: result.commandId, ...conversation.process.verdict(result.outcome) });
}

interface Conversation {
  readonly found: FoundAdapter;
  readonly launch: LaunchRequest;
  readonly row: DebugLanguage;
  readonly cwd: string;
  readonly env: Environment;
  readonly paths: PathMap;
  /** Is there when the adapter has started. */
  process?: AdapterProcess;
}

/** Runs the adapter to its end. */
async function converse(session: Session, running: RunningCommand, conversation: Conversation, context: DebugContext, begun: () => void): Promise<void> {
  const { found, launch, row, cwd, env, paths } = conversation;
  const { secrets } = session.environment;
  const debugId = running.commandId;
  const program: Program = { command: found.command, cwd, env, stdin: 'open', pty: undefined };
  const process = new AdapterProcess({
    clock: context.clock,
    exchange: (adapter) => new Exchange({
      ...adapter,
      paths,
      redact: secrets && ((text) => secrets.redact(text)),
      capabilities: row.capabilities,
      launch: row.launch(launch),
      toClient: (message) => context.send(debugId, message),
      read: (path) => readInside(session, path, context),
    }),
  });
  const close = context.open(debugId, process.exchange);
  try {
    await running.run('run', program, begun, {
      start: async (sink, stop) => {
        const started = await session.sandbox.start(program, process.sink(sink, () => !running.stopped), stop);
        conversation.process = process;
        return process.attach(started);
      },
    });
  } finally {
    await process.exchange.close('the debugger has ended');
    close();
  }
}

interface Finding {
  readonly session: Session;
  readonly running: RunningCommand;
  readonly context: DebugContext;
  readonly scratch: string;
  readonly interpreter: string;
  readonly env: Environment;
}

/** undefined: something ended the command meanwhile. */
async function findAdapter(row: DebugLanguage, { session, running, context, scratch, interpreter, env }: Finding): Promise<FoundAdapter | undefined> {
  const found = await row.find({
    host: context.host(row.language),
    files: session.sandbox.files,
    interpreter,
    scratch,
    run: (command) => capture(session.sandbox, { command, cwd: '/tmp', env }, { clock: context.clock, halted: running.halted }),
  });
  if (running.stopped) return undefined;
  if (found.missing !== undefined) throw unavailable(row.language, found.missing, row.hint);
  return found;
}

/** A file that exists only inside, read by a program with the rights of all programs. */
async function readInside({ sandbox, env }: Session, path: string, { clock }: DebugContext): Promise<string | undefined> {
  if (!path.startsWith('/') || path.includes('\0')) return undefined;
  const { code, stdout } = await capture(sandbox, { command: ['head', '-c', String(MAX_SOURCE_BYTES), '--', path], cwd: '/tmp', env }, { clock, maxBytes: MAX_SOURCE_BYTES }).catch(() => ({ code: undefined, stdout: '' }));
  return code === 0 ? stdout : undefined;
}

/** No more of a source is shown. */
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

function runPhase(toolchain: Toolchain, program: string, scratch: string): { interpreter: string; options: readonly string[]; env: Environment } {
  const { command: [interpreter = '', ...rest] = [], env = {} } = toolchain.phases(program, [], scratch).at(-1) ?? {};
  return { interpreter, options: rest.slice(0, Math.max(rest.indexOf(program), 0)), env };
}

function sourceOf({ code, path }: DebugStartParams): Source {
  if (code !== undefined && path === undefined) return { code: decodeContent(code, 'utf-8', 'code'), path };
  if (path !== undefined && code === undefined) return { path: resolveEntry(path), code };
  throw invalidParam('code', 'give exactly one of code and path');
}

function unavailable(language: LanguageId, missing: string, hint: string): ProtocolError {
  return new ProtocolError('DebugUnavailable', `${missing}; ${hint}`, { language, missing, hint });
}
