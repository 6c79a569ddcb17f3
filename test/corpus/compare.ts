/** Compares what a session shows of a program with what is expected, but for the differences that are known. */
import type { LanguageId } from '../../server/src/protocol/index.ts';
import type { Mode } from './modes.ts';
import type { Seen } from './seen.ts';

/** A difference that is there on purpose: how what is seen plainly becomes what is seen in a session. */
export interface Known {
  /** Why it is there, in one or two sentences. */
  readonly reason: string;
  readonly language: LanguageId;
  readonly programs: readonly string[];
  /** The places where it is. Absent: all. */
  readonly places?: readonly string[];
  /** Absent: in every mode. */
  readonly only?: Partial<Mode>;
  readonly plain: string | RegExp;
  readonly session: string;
}

export interface Run {
  readonly place: string;
  readonly language: LanguageId;
  readonly program: string;
  readonly mode: Mode;
}

/** What is to be seen in a session, if this is seen plainly. @throws Error if a difference on the list is none */
export function expected(plain: Seen, run: Run, known: readonly Known[]): Seen {
  return known.filter((difference) => concerns(difference, run)).reduce((now, difference) => {
    const changed = {
      stdout: now.stdout.replaceAll(all(difference.plain), difference.session),
      stderr: now.stderr.replaceAll(all(difference.plain), difference.session),
      end: now.end,
    };
    if (changed.stdout !== now.stdout || changed.stderr !== now.stderr) return changed;
    throw new Error(`the list of differences has one that is not there: ${difference.reason}`);
  }, plain);
}

function concerns({ language, programs, places, only = {} }: Known, { place, language: its, program, mode }: Run): boolean {
  return language === its && programs.includes(program) && (places?.includes(place) ?? true)
    && (only.primed ?? mode.primed) === mode.primed && (only.text ?? mode.text) === mode.text && (only.changed ?? mode.changed) === mode.changed;
}

/** replaceAll wants a pattern that is global. */
const all = (pattern: string | RegExp): string | RegExp => (typeof pattern === 'string' ? pattern : new RegExp(pattern.source, [...new Set(`${pattern.flags}g`)].join('')));
