/** What comes before a program of a compiled language can be debugged. */
import type { RunningCommand } from '../command/running-command.ts';
import type { Exit, Program, Sandbox, ToolchainPhase } from '../runtime/ports.ts';

export interface BuildPlace {
  readonly sandbox: Pick<Sandbox, 'files' | 'start'>;
  readonly running: RunningCommand;
  readonly settings: Pick<Program, 'cwd' | 'env'>;
  started(): void;
}

/** A program that could not be built. */
export interface Unbuilt {
  /** What the compiler has printed. */
  readonly said: string;
  /** In words for people. */
  readonly why: string;
}

/** So much of what compilers print is told. */
const MAX_TOLD_BYTES = 256 * 1024;

/** Writes the files of all phases, and runs those before the last. Resolves with undefined if none of them has failed. What they print counts as output here, and is told later. */
export async function build(phases: readonly ToolchainPhase[], { sandbox, running, settings, started }: BuildPlace): Promise<Unbuilt | undefined> {
  const said: Buffer[] = [];
  let bytes = 0;
  for (const [at, phase] of phases.entries()) {
    await writeFiles(phase, sandbox);
    if (at === phases.length - 1) return undefined;
    const program: Program = { command: phase.command, cwd: phase.cwd ?? settings.cwd, env: { ...phase.env, ...settings.env }, stdin: 'none', pty: undefined };
    const exit = await running.run(phase.name, program, started, {
      start: (sink, stop) => sandbox.start(program, (stream, chunk) => {
        if (bytes < MAX_TOLD_BYTES) said.push(Buffer.from(chunk.subarray(0, MAX_TOLD_BYTES - bytes)));
        bytes += chunk.length;
        return sink(stream, chunk);
      }, stop),
    });
    if (!running.mayGoOn) return { said: Buffer.concat(said).toString(), why: `the program could not be built: ${reason(exit, bytes > 0)}` };
  }
  return undefined;
}

/** Writes the files that a phase needs. */
export async function writeFiles({ files = {} }: ToolchainPhase, sandbox: Pick<Sandbox, 'files'>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await sandbox.files.write(path, Buffer.from(text), { mode: 'overwrite', executable: undefined });
}

function reason(exit: Exit | undefined, hasSaid: boolean): string {
  const more = hasSaid ? '; what it says is in the output' : '';
  if (exit?.kind === 'memoryLimit') return `the compiler needs more memory than the sandbox may use: give it more with limits.memoryBytes${more}`;
  if (exit?.kind === 'signaled') return `the compiler was ended by ${exit.signal}${more}`;
  if (hasSaid) return 'what the compiler says is in the output';
  return exit?.kind === 'exited' ? `the compiler ended with the code ${exit.code}, and says nothing` : 'the compiler was ended';
}
