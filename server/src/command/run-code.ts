/** `command/runCode`: runs source code in a warm interpreter if one is waiting, else through the phases of its toolchain. */
import { nextLoopIteration } from '../base/promises.ts';
import { invalidParam, type LanguageId, ProtocolError, type RunCodeParams, type RunCodeResult } from '../protocol/index.ts';
import { toolNames } from '../runtime/languages.ts';
import type { Program, Toolchain, ToolchainPhase } from '../runtime/ports.ts';
import { scratchFolder } from '../runtime/scratch.ts';
import type { Session } from '../session/session.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import type { WarmInterpreters } from '../warm/interpreters.ts';
import { decodeContent } from './content.ts';
import { environmentOf, execute, type ExecuteContext, programSettings, scanned } from './execute.ts';
import { languageOf } from './language.ts';
import { resolveEntry } from './paths.ts';
import { needsCopy, place, type Source } from './place.ts';
import type { RunningCommand } from './running-command.ts';
import type { RunText } from './script.ts';
import { TemporaryFiles } from './temporary.ts';

/** What is known of a run before anything is written to the sandbox. */
interface Run {
  readonly session: Session;
  readonly toolchain: Toolchain;
  readonly language: LanguageId;
  readonly source: Source;
  readonly args: readonly string[];
  readonly settings: Omit<Program, 'command'>;
  /** The files that the run makes in the sandbox and removes afterwards. */
  readonly temporary: TemporaryFiles;
}

export async function runCode(session: Session, params: RunCodeParams, context: ExecuteContext): Promise<RunCodeResult> {
  let settings = programSettings(session, params);
  const source = sourceOf(params);
  const language = languageOf(params, session.language);
  let again = true;
  const result = await execute(session, params, context, async (running, started) => {
    settings = { ...settings, env: environmentOf(session, params) };
    const toolchain = await session.sandbox.toolchain(language);
    if (!toolchain) throw noToolchain(language);
    // An interpreter can't wait for a copy that is made only when it is run.
    again = source.path === undefined || !needsCopy(toolchain, language, source.path);
    if (context.scan) await scanned(context, session, textIn(source, language), running);
    const temporary = new TemporaryFiles(session);
    const run: Run = { session, toolchain, language, source, args: params.args ?? [], settings, temporary };
    try {
      await runSource(run, context.warm, running, started);
    } finally {
      session.tidy(() => temporary.remove());
    }
  });
  // The answer is sent first; then the next interpreter is started.
  const wish = { language, file: source.path, args: params.args ?? [], settings };
  if (again) void nextLoopIteration().then(() => context.warm.prepare(session, wish));
  return { ...result, language };
}

/** Runs the code in the interpreter that waits for such a run, or else from the beginning. */
async function runSource(run: Run, warm: WarmInterpreters, running: RunningCommand, started: () => void): Promise<void> {
  const { session, toolchain, source, args, settings, temporary } = run;
  const waiting = warm.take(session);
  const { path: file, text } = await place(run, waiting).catch((fault: unknown) => {
    if (waiting) warm.discard(session, waiting);
    throw fault;
  });
  const suits = waiting?.suits({ toolchain, file, text: source.path === undefined, args, settings }) === true;
  if (waiting && !suits) warm.discard(session, waiting);
  const interpreter = suits ? waiting : undefined;
  const scratch = interpreter?.scratch ?? scratchFolder();
  const phasesOf = (await toolchain.phasesFor?.({ path: file, text }, session.sandbox.files, settings.cwd)) ?? toolchain.phases;
  const phases = phasesOf(file, args, scratch);
  if (interpreter || phases.length > 1 || phases.some((phase) => phase.files)) temporary.add(scratch);
  if (phases.length > 1) await session.sandbox.files.createDirectory(scratch, true);
  await runPhases(phases, interpreter, run, running, started);
}

/** Runs the phases one after the other, as long as they succeed. A compiler gets no input and no terminal. */
async function runPhases(
  phases: readonly ToolchainPhase[], interpreter: WarmInterpreter | undefined, { session: { sandbox }, settings }: Run, running: RunningCommand, started: () => void,
): Promise<void> {
  for (const phase of phases) {
    if (!running.mayGoOn) return;
    for (const [path, text] of Object.entries(phase.files ?? {})) {
      await sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
    }
    const compiles = phase.name === 'compile' ? ({ stdin: 'none', pty: undefined } as const) : {};
    const program: Program = { ...settings, command: phase.command, cwd: phase.cwd ?? settings.cwd, env: { ...phase.env, ...settings.env }, ...compiles };
    await running.run(phase.name, program, started, { start: async (sink, stop) => (await interpreter?.go(settings.stdin, sink, stop)) ?? (stop.aborted ? undefined : sandbox.start(program, sink, stop)) });
  }
}

function sourceOf({ code, path }: RunCodeParams): Source {
  if (code !== undefined && path === undefined) return { code: decodeContent(code, 'utf-8', 'code'), path };
  if (path !== undefined && code === undefined) return { path: resolveEntry(path), code };
  throw invalidParam('code', 'give exactly one of code and path');
}

function textIn({ code, path }: Source, language: LanguageId): RunText {
  return path === undefined ? { language, code: code.toString(), path } : { language, path, code };
}

function noToolchain(language: LanguageId): ProtocolError {
  const tools = toolNames(language).join(', or ');
  return new ProtocolError('LanguageUnsupported', `this sandbox cannot run ${language}, because there is no ${tools} in its PATH; use another image or runtime`, { language });
}
