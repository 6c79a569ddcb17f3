/** The ways in which a session runs a program, and which program is run in which way where. */
import { posix } from 'node:path';
import { type LanguageId, languages } from '../../server/src/protocol/index.ts';
import type { Sample } from './sample.ts';

export interface Mode {
  readonly name: string;
  /** Whether an interpreter waits for the run. */
  readonly primed: boolean;
  /** Whether the code is sent as text, and not in a file. */
  readonly text: boolean;
  /** Whether the file held another program before: one that has been run, or for which the interpreter was started. */
  readonly changed: boolean;
}

export const modes: readonly Mode[] = [
  { name: 'cold, by path', primed: false, text: false, changed: false },
  { name: 'primed, by path, in a file that was changed', primed: true, text: false, changed: true },
  { name: 'cold, by text', primed: false, text: true, changed: false },
  { name: 'primed, by text', primed: true, text: true, changed: false },
  { name: 'cold, by path, in a file that was changed', primed: false, text: false, changed: true },
];

export interface PlanPlace {
  readonly name: string;
  /** The languages whose interpreters can wait there. */
  readonly waits: readonly LanguageId[];
  /** Whether a program takes longer there than elsewhere. Then one program in SLOW_SHARE is run there, in one mode, if others can have the rest. */
  readonly slow?: boolean;
}

const SLOW_SHARE = 4;

/** Variables with which no interpreter waits, because they have it run code before its file. */
const early = /^(?:PYTHON|RUBY|GEM|BUNDLE|NODE_|LD_|.*PATH$)/;

/** The languages whose interpreters mind the name of a file. */
const scripted: readonly LanguageId[] = ['javascript', 'typescript'];

/** The modes in which a place can run a program. */
export function modesOf(language: LanguageId, sample: Sample, { waits }: PlanPlace): Mode[] {
  // None waits for a copy, which is made of a file whose name tells of another language.
  const isCopied = scripted.includes(language) && sample.entry !== undefined && !languages[language].extensions.some((extension) => extension === posix.extname(sample.entry ?? ''));
  const mayWait = !isCopied && waits.includes(language) && !Object.keys(sample.env ?? {}).some((name) => early.test(name));
  return modes.filter(({ primed, text }) => (!primed || mayWait) && (!text || sample.entry === undefined));
}

/** What is run in `place`, if each program runs in each mode in some place, and in each place that is not slow in some mode. `number`: that of the program. */
export function planFor(language: LanguageId, sample: Sample, number: number, place: PlanPlace, places: readonly PlanPlace[]): Mode[] {
  const mine = modesOf(language, sample, place);
  const planned = mine.filter((mode) => {
    const can = places.filter((other) => modesOf(language, sample, other).includes(mode));
    const able = can.some(({ slow }) => !slow) ? can.filter(({ slow }) => !slow) : can;
    return able[(number + modes.indexOf(mode)) % able.length] === place;
  });
  if (planned.length > 0) return planned;
  return place.slow && number % SLOW_SHARE > 0 ? [] : mine.slice(number % mine.length).slice(0, 1);
}
