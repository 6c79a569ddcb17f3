/** What a program of the corpus is: its files, what it is given, and what is done to it while it runs. */
import type { LanguageId } from '../../server/src/protocol/index.ts';
import type { TerminalSize } from '../../server/src/runtime/ports.ts';

/** Something that is done when `seen` has been printed, after the step before. */
export interface Step {
  readonly seen: string;
  readonly signal?: string;
  readonly type?: string;
  readonly resize?: TerminalSize;
  /** Ends the input. On a terminal that is Ctrl-D. */
  readonly end?: true;
}

export interface Sample {
  readonly name: string;
  /** The text of the file that is run, `main` with the first extension of the language. Absent: it is among `files`. */
  readonly code?: string;
  /** The other files, by their paths in the folder of the program. */
  readonly files?: Readonly<Record<string, string>>;
  /** The file that is run, where it has another name, or can't be sent as text. Then the program is run by its path only. */
  readonly entry?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: nothing, at its end from the beginning, unless a step types something. */
  readonly stdin?: string;
  /** The working directory. Absent: the folder of the program. A relative path is one in that folder. */
  readonly cwd?: string;
  /** Absent: it has pipes. */
  readonly terminal?: TerminalSize;
  readonly steps?: readonly Step[];
  /** For how long its interpreter waits if it is started ahead, in milliseconds. */
  readonly waits?: number;
  /** What it prints, whatever it is run by. Absent: what it prints when it is run plainly. */
  readonly prints?: string;
  /** What its errors must say. It then ends with code 1. */
  readonly says?: readonly RegExp[];
  /** The places where it is not run, each with the reason. */
  readonly lacks?: Readonly<Record<string, string>>;
}

export type Corpus = Partial<Record<LanguageId, readonly Sample[]>>;

export const screen: TerminalSize = { cols: 91, rows: 33 };

/** The name of the file that is run. */
export const entryOf = ({ entry }: Sample, extension: string): string => entry ?? `main${extension}`;

/** Every file of the program. */
export function filesOf(sample: Sample, extension: string): Readonly<Record<string, string>> {
  return { ...sample.files, ...(sample.code === undefined ? {} : { [entryOf(sample, extension)]: sample.code }) };
}

/** Whether its input stays open until a step ends it, or the program does. */
export const isInteractive = ({ terminal, steps = [] }: Sample): boolean => terminal !== undefined || steps.some(({ type, end }) => type !== undefined || end);
