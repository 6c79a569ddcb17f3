/**
 * Chooses the runtime for a session: of those that meet every requirement, the one with the highest score. Each candidate
 * says what spoke for or against it. The choice does no input or output: it uses only what the runtimes already know of
 * themselves.
 */
import { digest } from '../../base/digest.ts';
import { type Candidate, type LanguageId, type Preference, ProtocolError } from '../../protocol/index.ts';
import type { Runtime } from '../ports.ts';
import type { FormerChoices } from './choices.ts';
import { engineOf, type Hint, unmet } from './hints.ts';
import { inWords, lacks } from './lacks.ts';
import { obstacles, type Demands } from './obstacles.ts';
import { merits, score } from './score.ts';

/** The part of a runtime that a choice uses. */
export type Choosable = Pick<Runtime, 'id' | 'can' | 'info' | 'prepared'>;

export interface Wish {
  /** undefined: no particular one. */
  readonly language: LanguageId | undefined;
  readonly preference: Preference;
  readonly required: Demands;
  /** The image that a runtime with images would use. undefined: the one that is configured for the language. */
  readonly image: string | undefined;
  /** Puts runtimes in which every layer is enforced before all others, because a strict session refuses the others. By default false. */
  readonly strict?: boolean;
  /** What the program tells of the runtime that it is written for. By default nothing. */
  readonly hint?: Hint | undefined;
  /** The ids of the runtimes in which the program can be debugged. By default it is not to be. */
  readonly debuggers?: ReadonlySet<string> | undefined;
  /** What to do where no runtime debugs the language, in words for people. */
  readonly debugHint?: string | undefined;
}

export interface Choice<T extends Choosable> {
  /** The eligible runtime with the highest score; among equals the first. undefined: none is eligible. */
  readonly chosen: T | undefined;
  /** Why, in words for people. Empty where none is chosen. */
  readonly reason: string;
  /** Every runtime, and every required name that no runtime has. The chosen one comes first, then the other eligible ones, each group in the order of scores. */
  readonly candidates: readonly Candidate[];
}

/** Added to the score of a runtime that has nothing to download: more than any score, so that it comes before those that have. */
const PREPARED = 100;
/** Added where it follows the hint of the program, or runs command lines if nobody says what is to be run. */
const FITTING = 200;
/** Added where the program can be debugged, if it is to be: that counts more than where it would run best. */
const DEBUGGABLE = 400;
/** Added where `strict` is wanted and every layer is enforced: that counts more than everything else. */
const STRICT = 1000;

interface Judged<T> {
  readonly runtime: T;
  readonly candidate: Candidate;
  /** What was added to its score. */
  readonly rank: number;
}

/** Judges every runtime. `former` is read, and gets the choice. */
export function choose<T extends Choosable>(runtimes: readonly T[], wish: Wish, former: FormerChoices = new Map<string, string>()): Choice<T> {
  const judged = runtimes.map((runtime) => judge(runtime, wish));
  const candidates = judged.map(({ candidate }) => candidate);
  const eligible = judged.filter(({ candidate }) => candidate.eligible);
  const rank = Math.max(...eligible.map((each) => each.rank));
  const best = eligible.filter((each) => each.rank === rank).sort((a, b) => b.candidate.score - a.candidate.score);
  const key = digest(JSON.stringify([wish.language, wish.preference, wish.strict ?? false, wish.debuggers !== undefined, wish.hint?.engine, eligible.map(({ runtime }) => runtime.id).sort(), best.map(({ runtime }) => runtime.id).sort()]));
  const before = former.get(key);
  const again = best.find(({ runtime }) => runtime.id === before);
  const { runtime: chosen, candidate } = again ?? best[0] ?? {};
  if (chosen && chosen.id !== before) former.set(key, chosen.id);
  for (const id of wish.required.runtimes ?? []) {
    if (!runtimes.some((runtime) => runtime.id === id)) candidates.push({ runtime: id, score: 0, eligible: false, reasons: [UNKNOWN] });
  }
  const first = ({ runtime }: Candidate) => Number(runtime === chosen?.id);
  candidates.sort((a, b) => first(b) - first(a) || Number(b.eligible) - Number(a.eligible) || b.score - a.score);
  return { chosen, reason: candidate ? reasonFor(candidate, wish, again !== undefined) : '', candidates };
}

function reasonFor({ runtime, reasons }: Candidate, { required, hint }: Wish, again: boolean): string {
  if (required.runtimes?.length === 1) return 'the client asked for it';
  if (hint && engineOf(runtime) === hint.engine) return hint.why;
  return [...(hint ? [unmet(hint)] : []), ...(again ? ['it was chosen before for such a session'] : []), ...reasons].join('; ');
}

/**
 * The chosen runtime.
 * @throws ProtocolError RuntimeUnavailable, LanguageUnsupported; `data.candidates` says what spoke against each runtime
 */
export function selectRuntime<T extends Choosable>(runtimes: readonly T[], wish: Wish, former?: FormerChoices): { readonly chosen: T; readonly reason: string } {
  const { chosen, reason, candidates } = choose(runtimes, wish, former);
  if (chosen) return { chosen, reason };
  throw refusal(runtimes, wish, candidates);
}

const UNKNOWN = 'there is no runtime of this name';

function judge<T extends Choosable>(runtime: T, { language, preference, required, image, strict, hint, debuggers }: Wish): Judged<T> {
  const info = runtime.info();
  const against = obstacles(runtime, info, language, required);
  const prepared = against.length === 0 && runtime.prepared(language, image);
  const whole = strict === true && info.isolation.layers.every(({ state }) => state === 'enforced');
  const points = score(info, preference);
  if (against.length > 0) return { runtime, rank: 0, candidate: { runtime: info.id, score: points, eligible: false, reasons: against } };
  const follows = prepared && hint !== undefined && engineOf(info.id) === hint.engine;
  const runsLines = language === undefined && info.languages.some(({ id }) => id === 'shellscript');
  const debuggable = debuggers?.has(info.id) ?? false;
  const rank = (prepared ? PREPARED : 0) + (follows || runsLines ? FITTING : 0) + (debuggable ? DEBUGGABLE : 0) + (whole ? STRICT : 0);
  const reasons = [...(follows ? [hint.why] : []), ...(debuggers ? [debuggable ? 'programs can be debugged in it' : `programs in ${language ?? 'other languages'} cannot be debugged in it`] : []), ...merits(info, prepared)];
  return { runtime, rank, candidate: { runtime: info.id, score: Math.round((points + rank) * 10) / 10, eligible: true, reasons } };
}

/** The error for a choice without a result. Its message says of each runtime that may be used what it lacks, the nearest first. */
export function refusal(runtimes: readonly Choosable[], { language, required, debugHint }: Wish, candidates: readonly Candidate[]): ProtocolError {
  const infos = runtimes.map((runtime) => runtime.info());
  const named = infos.filter(({ id }) => required.runtimes?.includes(id) ?? true);
  if (named.length === 0) {
    const runtime = required.runtimes?.join(', ') ?? '';
    return unavailable({ runtime, reason: required.runtimes?.length === 0 ? 'no runtime is allowed' : UNKNOWN, hint: `known: ${infos.map(({ id }) => id).join(', ')}`, candidates });
  }
  const speaking = named.filter(({ languages }) => language === undefined || languages.some(({ id }) => id === language));
  const nearest = speaking.find(({ available }) => available);
  if (nearest) {
    const reasons = candidates.find(({ runtime }) => runtime === nearest.id)?.reasons ?? [];
    return unavailable({ runtime: nearest.id, reason: reasons.join(', '), hint: 'ask for less; runtime/list shows what each runtime offers', candidates });
  }
  // Not all that would run it would debug it.
  const hint = debugHint ?? 'codebeaker doctor says what to do';
  const lacking = inWords(lacks(named, language));
  const message = debugHint !== undefined ? `nothing here debugs ${language ?? 'programs'}${named.length === 1 ? ` in ${named[0]?.id ?? ''}` : ''}; ${hint}` : `${named.length === 1 ? '' : `no runtime can ${language === undefined ? 'be used' : `run ${language}`} here: `}${lacking}; ${hint}`;
  const [first] = speaking;
  if (!first) return new ProtocolError('LanguageUnsupported', message, { language, candidates });
  return unavailable({ runtime: first.id, reason: first.reason ?? 'it is not available', hint, candidates, message });
}

interface Unavailable {
  readonly runtime: string;
  readonly reason: string;
  readonly hint: string;
  readonly candidates: readonly Candidate[];
  /** By default it consists of the other parts. */
  readonly message?: string;
}

function unavailable({ runtime, reason, hint, candidates, message = `${runtime}: ${reason}; ${hint}` }: Unavailable): ProtocolError {
  return new ProtocolError('RuntimeUnavailable', message, { runtime, reason, hint, candidates });
}
