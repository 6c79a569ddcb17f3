/**
 * Chooses the runtime for a session: of those that meet every requirement, the one with the highest score. Each candidate
 * says what spoke for or against it. The choice does no input or output: it uses only what the runtimes already know of
 * themselves.
 */
import { type Candidate, type LanguageId, type Preference, ProtocolError } from '../../protocol/index.ts';
import type { Runtime } from '../ports.ts';
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
}

export interface Choice<T extends Choosable> {
  /** The eligible runtime with the highest score; among equals the first. undefined: none is eligible. */
  readonly chosen: T | undefined;
  /** Every runtime, and every required name that no runtime has. The eligible ones come first, each group in the order of scores. */
  readonly candidates: readonly Candidate[];
}

/** Added to the score of a runtime that has nothing to download: more than any score, so that it comes before those that have. */
const PREPARED = 100;
/** Added where `strict` is wanted and every layer is enforced: that counts more than everything else. */
const STRICT = 200;

/** Judges every runtime. */
export function choose<T extends Choosable>(runtimes: readonly T[], wish: Wish): Choice<T> {
  const candidates: Candidate[] = [];
  let chosen: T | undefined;
  let highest = -1;
  for (const runtime of runtimes) {
    const candidate = judge(runtime, wish);
    candidates.push(candidate);
    if (!candidate.eligible || candidate.score <= highest) continue;
    chosen = runtime;
    highest = candidate.score;
  }
  for (const id of wish.required.runtimes ?? []) {
    if (!runtimes.some((runtime) => runtime.id === id)) candidates.push({ runtime: id, score: 0, eligible: false, reasons: [UNKNOWN] });
  }
  candidates.sort((a, b) => Number(b.eligible) - Number(a.eligible) || b.score - a.score);
  return { chosen, candidates };
}

/**
 * The chosen runtime.
 * @throws ProtocolError RuntimeUnavailable, LanguageUnsupported; `data.candidates` says what spoke against each runtime
 */
export function selectRuntime<T extends Choosable>(runtimes: readonly T[], wish: Wish): T {
  const { chosen, candidates } = choose(runtimes, wish);
  if (chosen) return chosen;
  throw refusal(runtimes, wish, candidates);
}

const UNKNOWN = 'there is no runtime of this name';

function judge(runtime: Choosable, { language, preference, required, image, strict }: Wish): Candidate {
  const info = runtime.info();
  const against = obstacles(runtime, info, language, required);
  const prepared = against.length === 0 && runtime.prepared(language, image);
  const whole = strict === true && info.isolation.layers.every(({ state }) => state === 'enforced');
  const points = score(info, preference);
  if (against.length > 0) return { runtime: info.id, score: points, eligible: false, reasons: against };
  return { runtime: info.id, score: points + (prepared ? PREPARED : 0) + (whole ? STRICT : 0), eligible: true, reasons: merits(info, prepared) };
}

/** The error for a choice without a result. Its message is about the runtime that comes nearest to what was asked for. */
export function refusal(runtimes: readonly Choosable[], { language, required }: Wish, candidates: readonly Candidate[]): ProtocolError {
  const infos = runtimes.map((runtime) => runtime.info());
  const named = infos.filter(({ id }) => required.runtimes?.includes(id) ?? true);
  if (named.length === 0) {
    const runtime = required.runtimes?.join(', ') ?? '';
    return unavailable(runtime, required.runtimes?.length === 0 ? 'no runtime is allowed' : UNKNOWN, `known: ${infos.map(({ id }) => id).join(', ')}`, candidates);
  }
  const speaking = named.filter(({ languages }) => language === undefined || languages.some(({ id }) => id === language));
  const [first] = speaking;
  if (!first) {
    const [only, ...more] = named;
    const who = required.runtimes && only && more.length === 0 ? `${only.id} does not run ${language}` : `no runtime runs ${language}`;
    return new ProtocolError('LanguageUnsupported', `${who}; see runtime/list`, { language, candidates });
  }
  const nearest = speaking.find(({ available }) => available);
  if (!nearest) return unavailable(first.id, first.reason ?? 'it is not available', 'codebeaker doctor says what to do', candidates);
  const reasons = candidates.find(({ runtime }) => runtime === nearest.id)?.reasons ?? [];
  return unavailable(nearest.id, reasons.join(', '), 'ask for less; runtime/list shows what each runtime offers', candidates);
}

function unavailable(runtime: string, reason: string, hint: string, candidates: readonly Candidate[]): ProtocolError {
  return new ProtocolError('RuntimeUnavailable', `${runtime}: ${reason}; ${hint}`, { runtime, reason, hint, candidates });
}
