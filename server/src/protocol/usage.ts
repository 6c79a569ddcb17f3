/** The shapes of rates, quotas, prices and usage: how often, how much, what it costs, and how much it has been. */
import * as z from 'zod/mini';
import { keepingAll } from './keeping-all.ts';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { count, positive, QuotaState } from './values.ts';
import type { Notes, ShapeNotes } from './note.ts';

/** How often a method may be called on one connection. */
export const Rate = later(() => z.strictObject({ perMinute: positive(), burst: z.optional(positive()) }));
export type Rate = z.infer<typeof Rate>;

export const RatesConfig = later(() => keepingAll(z.record(z.string(), Rate)));

/** A quota may be a fraction where what it counts is one; 0 allows nothing. */
const amount = () => z.number().check(z.nonnegative(), z.maximum(Number.MAX_SAFE_INTEGER));

export const Quota = later(() => z.strictObject({
  commands: z.optional(count()),
  cpuSeconds: z.optional(amount()),
  gibSeconds: z.optional(amount()),
  outputBytes: z.optional(count()),
  networkBytes: z.optional(count()),
}));
export type Quota = z.infer<typeof Quota>;
export type QuotaName = keyof Quota;

export const QuotasConfig = later(() => z.strictObject({ sessions: z.optional(count()), perDay: z.optional(Quota), perSession: z.optional(Quota) }));

export const Prices = later(() => z.strictObject({
  currency: z.string().check(z.regex(/^[A-Z]{3}$/, 'must be three capital letters, such as EUR or USD')),
  cpuSecond: z.optional(amount()),
  gibSecond: z.optional(amount()),
  command: z.optional(amount()),
  networkGib: z.optional(amount()),
}));
export type Prices = z.infer<typeof Prices>;

export const Cost = later(() => z.object({ amount: z.number(), currency: z.string() }));
export type Cost = z.infer<typeof Cost>;

export const UsageGetParams = later(() => z.object({ sessionId: z.optional(z.string()) }));

/** What was used. A field that the first published protocol lacks is optional. */
const used = () => ({
  cpuSeconds: z.number(),
  memoryGiBSeconds: z.number(),
  commands: count(),
  estimatedCost: Cost,
  outputBytes: z.optional(count()),
  networkBytes: z.optional(count()),
  sessions: z.optional(count()),
});

export const Used = later(() => z.object(used()));
export type Used = z.infer<typeof Used>;

export const UsageGetResult = later(() => z.object({
  ...used(),
  since: z.optional(z.string()),
  today: z.optional(Used),
  quotas: z.optional(z.array(QuotaState)),
}));
export type UsageGetResult = z.infer<typeof UsageGetResult>;

/** No source that a message can carry is longer. */
const MAX_SOURCE_LENGTH = 32 * 1024 * 1024;

export const UsageEstimateParams = later(() => z.object({
  language: LanguageId,
  runtime: z.optional(z.string().check(z.maxLength(100))),
  code: z.optional(z.string().check(z.maxLength(MAX_SOURCE_LENGTH))),
  path: z.optional(z.string()),
  sessionId: z.optional(z.string()),
}));

export const Spread = later(() => z.object({ p50: z.number(), p95: z.number() }));
export type Spread = z.infer<typeof Spread>;

export const UsageEstimateResult = later(() => z.object({
  basis: z.enum(['program', 'language', 'none']),
  runs: count(),
  durationMs: z.optional(Spread),
  cpuSeconds: z.optional(Spread),
  memoryBytes: z.optional(Spread),
  cost: z.optional(z.extend(Spread, { currency: z.string() })),
}));
export type UsageEstimateResult = z.infer<typeof UsageEstimateResult>;

const usedNotes = (): Notes => ({
  cpuSeconds: 'Processor time of the executions that have ended.',
  memoryGiBSeconds: 'For each execution that has ended, the highest memory use of its sandbox in GiB, times its duration in seconds.',
  commands: 'How many executions were taken on: commands that run programs. File commands do not count.',
  estimatedCost: 'What it costs by `prices` of the configuration. Without prices the amount is 0, in USD.',
  outputBytes: 'What programs have printed.',
  networkBytes: 'What programs have moved through the proxy of their session, in both directions.',
  sessions: 'How many sessions were created.',
});

/** The notes of these shapes (see notes.ts). */
export const usageNotes = (): ShapeNotes => ({
  Rate: {
    '': 'How often a method may be called on one connection.',
    perMinute: 'So many calls a minute go through on and on.',
    burst: 'So many calls may come at once, after a pause. Default: `perMinute`.',
  },
  Quota: {
    '': 'The most that may be used.',
    commands: 'Executions: commands that run programs. Default: no bound.',
    cpuSeconds: 'Processor time. Default: no bound.',
    gibSeconds: 'Memory in GiB, times duration in seconds. Default: no bound.',
    outputBytes: 'What programs print. Default: no bound.',
    networkBytes: 'What programs move through the proxy of their session. Default: no bound.',
  },
  QuotasConfig: {
    sessions: 'How many sessions may be open at once, in all daemons of this user on this machine that have this quota. Default: no bound but `sessions.max` of each.',
    perDay: 'The most that all sessions of this user on this machine may use from midnight to midnight.',
    perSession: 'The most that each session may use.',
  },
  Prices: {
    '': 'What it costs. What has no price costs nothing.',
    currency: 'Its code in ISO 4217, such as `EUR`.',
    cpuSecond: 'A second of processor time. Default: 0.',
    gibSecond: 'A GiB of memory for a second. Default: 0.',
    command: 'An execution. Default: 0.',
    networkGib: 'A GiB through the proxy of a session. Default: 0.',
  },
  Cost: { '': 'An amount of money.' },
  UsageGetParams: { sessionId: 'Tells of this session alone. Default: of everything that all daemons of this user have run on this machine.' },
  Used: { '': 'What was used.', ...usedNotes() },
  UsageGetResult: {
    ...usedNotes(),
    since: 'The first day that is counted, as `YYYY-MM-DD`. Days are kept for 400 days. Absent for a session.',
    today: 'The same since the last midnight, by the clock of this machine. Absent for a session.',
    quotas: 'The quotas that hold for this connection; with `sessionId` those of the session and of the day.',
  },
  UsageEstimateParams: {
    runtime: 'Only runs in this runtime count. Default: that of the session, or any.',
    code: 'The program. Give this, or `path`, or none of them: then runs of any program in the language count.',
    path: 'A file in the session that `sessionId` names.',
    sessionId: 'The session in which it would run.',
  },
  Spread: { '': 'Half of the runs were at most `p50`, and 95 in 100 at most `p95`.' },
  UsageEstimateResult: {
    basis: '`program`: runs of exactly this program. `language`: runs of other programs in this language. `none`: there are none yet.',
    runs: 'On how many runs it rests, 50 at the most.',
    durationMs: 'How long it would run. Absent, as the rest, where there are no runs.',
    memoryBytes: 'The highest memory use of its sandbox.',
    cost: 'What it would cost by `prices` of the configuration.',
  },
});
