/**
 * Which runtime a session gets. What is required comes first, then the score; each candidate says why.
 * Pure, and fast enough not to be noticed: nothing is looked at here but what the runtimes know of themselves.
 */
import { type Candidate, type LanguageId, type Preference, ProtocolError } from '../../protocol/index.ts';
import type { Runtime } from '../ports.ts';
import { obstacles, type Demands } from './obstacles.ts';
import { merits, score } from './score.ts';

/** What a choice needs to know of a runtime. */
export type Choosable = Pick<Runtime, 'id' | 'can' | 'info' | 'prepared'>;

export interface Wish {
  readonly language: LanguageId | undefined;
  readonly preference: Preference;
  readonly required: Demands;
  /** What a runtime with images would use. */
  readonly image: string | undefined;
  /** Those in which every layer is enforced come first: others would be refused. */
  readonly strict?: boolean;
}

export interface Choice<T extends Choosable> {
  /** The eligible one with the highest score; among equals the first. */
  readonly chosen: T | undefined;
  /** Every runtime, and every name that is required and unknown: the eligible ones first, then by score. */
  readonly candidates: readonly Candidate[];
}

/** What has everything at hand comes before what must fetch something first. */
const PREPARED = 100;
const STRICT = 200;

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

/** @throws ProtocolError RuntimeUnavailable, LanguageUnsupported; `data.candidates` says why none will do */
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

/** The error for a choice without a result. What is wrong with the runtime that comes nearest is told first. */
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
  return unavailable(nearest.id, reasons.join(', '), 'ask for less; runtime/list tells what there is', candidates);
}

function unavailable(runtime: string, reason: string, hint: string, candidates: readonly Candidate[]): ProtocolError {
  return new ProtocolError('RuntimeUnavailable', `${runtime}: ${reason}; ${hint}`, { runtime, reason, hint, candidates });
}
