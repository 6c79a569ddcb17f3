/** `command/runCode`: runs source code in a warm interpreter if one is waiting, else through the phases of its toolchain. */
import { nextLoopIteration } from '../base/promises.ts';
import { invalidParam, type LanguageId, ProtocolError, type RunCodeParams, type RunCodeResult } from '../protocol/index.ts';
import { toolNames } from '../runtime/languages.ts';
import type { Program, Toolchain, ToolchainPhase } from '../runtime/ports.ts';
import { scratchFolder, sourcePath } from '../runtime/scratch.ts';
import type { Order } from '../runtime/warm-up/order.ts';
import type { Session } from '../session/session.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import type { WarmInterpreters } from '../warm/interpreters.ts';
import { decodeContent } from './content.ts';
import { execute, type ExecuteContext, programSettings } from './execute.ts';
import { languageOf } from './language.ts';
import { resolveEntry } from './paths.ts';
import type { RunningCommand } from './running-command.ts';
import { TemporaryFiles } from './temporary.ts';

/** The source code: a file that exists, or text. */
type Source = { readonly path: string; readonly code: undefined } | { readonly path: undefined; readonly code: Buffer };

/** What is known of a run before anything is written to the sandbox. */
interface Run {
  readonly session: Session;
  readonly toolchain: Toolchain;
  readonly source: Source;
  readonly args: readonly string[];
  readonly settings: Omit<Program, 'command'>;
  /** The files that the run makes in the sandbox and removes afterwards. */
  readonly temporary: TemporaryFiles;
}

/** How the code is going to be run. */
type Preparation =
  | { readonly kind: 'warm'; readonly interpreter: WarmInterpreter; readonly order: Order }
  | { readonly kind: 'cold'; readonly phases: readonly ToolchainPhase[] };

export async function runCode(session: Session, params: RunCodeParams, context: ExecuteContext): Promise<RunCodeResult> {
  const settings = programSettings(session, params);
  const source = sourceOf(params);
  const language = languageOf(params, session.language);
  const result = await execute(session, params, context, async (running, started) => {
    const toolchain = await session.sandbox.toolchain(language);
    if (!toolchain) throw noToolchain(language);
    const temporary = new TemporaryFiles(session);
    const run: Run = { session, toolchain, source, args: params.args ?? [], settings, temporary };
    try {
      const prepared = await prepare(run, context.warm);
      if (prepared.kind === 'warm') await runWarm(prepared, run, running, started);
      else await runPhases(prepared.phases, run, running, started);
    } finally {
      session.tidy(() => temporary.remove());
    }
  });
  // The answer is sent first; then the next interpreter is started.
  void nextLoopIteration().then(() => context.warm.prepare(session, language, source.path));
  return { ...result, language };
}

/** Decides how the code is run, and writes the files that it needs for that. */
async function prepare(run: Run, warm: WarmInterpreters): Promise<Preparation> {
  const { session, toolchain, source, args, settings, temporary } = run;
  const { cwd, env } = settings;
  const interpreter = warm.take(session, { toolchain, file: source.path, args, program: settings });
  const discard = () => {
    if (interpreter) warm.discard(session, interpreter);
  };
  const file = source.path ?? (await temporary.source(nameFor(run, interpreter), source.code).catch((fault: unknown) => {
    discard();
    throw fault;
  }));
  if (interpreter?.runs(file)) {
    temporary.add(interpreter.scratch);
    return { kind: 'warm', interpreter, order: { cwd, file, env, args } };
  }
  discard();
  const scratch = scratchFolder();
  const phases = toolchain.phases(file, args, scratch);
  if (phases.length > 1 || phases.some((phase) => phase.files)) temporary.add(scratch);
  if (phases.length > 1) await session.sandbox.files.createDirectory(scratch, true);
  return { kind: 'cold', phases };
}

/** The path to which code that was sent as text is written. If possible it is the one that the waiting interpreter expects. */
function nameFor({ settings: { cwd }, toolchain }: Run, interpreter: WarmInterpreter | undefined): string {
  return interpreter && cwd === '/workspace' ? interpreter.readiness.file : sourcePath(cwd, toolchain);
}

function runWarm({ interpreter, order }: Extract<Preparation, { kind: 'warm' }>, { settings }: Run, running: RunningCommand, started: () => void): Promise<void> {
  return running.run('run', { ...settings, command: [] }, started, (sink) => interpreter.go(order, settings.stdin, sink));
}

/** Runs the phases one after the other, as long as they succeed. A compiler gets no input and no terminal. */
async function runPhases(phases: readonly ToolchainPhase[], { session, settings }: Run, running: RunningCommand, started: () => void): Promise<void> {
  for (const phase of phases) {
    if (!running.mayGoOn) return;
    for (const [path, text] of Object.entries(phase.files ?? {})) {
      await session.sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
    }
    const program: Program = { ...settings, command: phase.command, env: { ...phase.env, ...settings.env } };
    const compiles = phase.name === 'compile' ? ({ stdin: 'none', pty: undefined } as const) : {};
    await running.run(phase.name, { ...program, ...compiles }, started);
  }
}

function sourceOf({ code, path }: RunCodeParams): Source {
  if (code !== undefined && path === undefined) return { code: decodeContent(code, 'utf-8', 'code'), path };
  if (path !== undefined && code === undefined) return { path: resolveEntry(path), code };
  throw invalidParam('code', 'give exactly one of code and path');
}

function noToolchain(language: LanguageId): ProtocolError {
  const tools = toolNames(language).join(', or ');
  return new ProtocolError('LanguageUnsupported', `this sandbox cannot run ${language}, because it does not contain ${tools}; use another image or runtime`, { language });
}
