/** How a language is run in a sandbox. This is a part of the contract of runtimes (ports.ts), through which others import it. */
import type { Environment } from '../protocol/index.ts';

/** How to run one source file of a language. */
export interface Toolchain {
  /** The extension, with its dot, for a source file that is given as text and has no name. */
  readonly extension: string;
  /** The version of the tool that runs the file; starts that tool. It resolves with undefined where the tool does not work. Absent: the tool has none to tell. */
  readonly version: (() => Promise<string | undefined>) | undefined;
  /** How the interpreter is started in advance: there is one phase then. undefined: it can't be. */
  readonly warmUp: WarmUp | undefined;
  /**
   * What is run, one after the other, for a source file. `file` is an absolute path. `scratch` is the absolute path of
   * an empty, writable folder that is removed after the last phase.
   */
  phases(file: string, args: readonly string[], scratch: string): readonly ToolchainPhase[];
  /**
   * What takes the place of `phases` for this one file, where that depends on what the file says or on what is beside it.
   * `cwd`: the working directory of the run. Absent: it depends on neither.
   */
  readonly phasesFor?: ((source: SourceFile, files: SourceFiles, cwd: string) => Promise<Toolchain['phases']>) | undefined;
  /** As `phasesFor`, where the program is to be debugged, and it has to be compiled in another way for that. Absent: the phases are the same. */
  readonly debugPhasesFor?: Toolchain['phasesFor'];
  /** Whether it tells by the extension of a file in which language that is. A file with another one is then run as a copy. */
  readonly minds?: 'extension' | undefined;
}

/** A source file that is about to be run. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** Its beginning. */
  readonly text: string;
}

/** How the files around a source file are looked at: a part of the files of a sandbox. */
export interface SourceFiles {
  list(path: string, options: { recursive: boolean; limit: number; accept(name: string): boolean }): Promise<{ readonly entries: readonly { readonly path: string; readonly type: string }[] }>;
  read(path: string, offset: number, length: number | undefined): Promise<{ readonly bytes: Buffer }>;
}

export interface ToolchainPhase {
  readonly name: 'compile' | 'run';
  readonly command: readonly string[];
  readonly env: Environment;
  /** The working directory. Absent: that of the run. */
  readonly cwd?: string;
  /** Files to be written before the phase starts: absolute path to text. Absent: none. */
  readonly files?: Readonly<Record<string, string>>;
}

/** How an interpreter is started in advance, and held (`Sandbox.hold`) where it looks at the program's file. */
export interface WarmUp {
  /** What it gets in addition to `env` and `files` of the phase. `scratch` is the folder of that phase. */
  extra(scratch: string): Pick<ToolchainPhase, 'env' | 'files'>;
  /** The variables with which a program can't wait, because they have it run code before its file. */
  readonly early: RegExp;
}
