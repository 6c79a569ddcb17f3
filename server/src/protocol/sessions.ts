/** Sessions and runtimes (protocol sections 3 and 4). */
import * as z from 'zod/mini';
import { later } from './later.ts';
import { ProgressToken } from './lifecycle.ts';
import {
  CloseReason,
  count,
  Environment,
  LanguageId,
  Network,
  PartialLimits,
  Preference,
  RuntimeInfo,
  Session,
  SessionState,
} from './values.ts';

export const sessionId = () => z.string();

export const SessionCreateParams = later(() => z.object({
  language: z.optional(LanguageId),
  runtime: z.optional(z.string()),
  preference: z.optional(Preference),
  image: z.optional(z.string()),
  label: z.optional(z.string().check(z.maxLength(200))),
  workspace: z.optional(
    z.object({ uri: z.string(), access: z.enum(['copy', 'readOnly', 'readWrite', 'overlay']) }),
  ),
  env: z.optional(Environment),
  secrets: z.optional(z.record(z.string(), z.string())),
  limits: z.optional(PartialLimits),
  network: z.optional(Network),
  strict: z.optional(z.boolean()),
  idleTimeoutMs: z.optional(count()),
  maxLifetimeMs: z.optional(count()),
  workDoneToken: z.optional(ProgressToken),
}));
export type SessionCreateParams = z.infer<typeof SessionCreateParams>;

export const SessionParams = later(() => z.object({ sessionId: sessionId() }));
export const SessionListResult = later(() => z.object({ sessions: z.array(Session) }));
export const SessionCloseResult = later(() => z.object({ sessionId: sessionId(), closed: z.literal(true) }));

export const SessionStateChangedParams = later(() => z.object({
  sessionId: sessionId(),
  state: SessionState,
  reason: z.optional(CloseReason),
}));
export type SessionStateChangedParams = z.infer<typeof SessionStateChangedParams>;

export const RuntimeListResult = later(() => z.object({ runtimes: z.array(RuntimeInfo) }));
export const RuntimeChangedParams = later(() => z.object({ runtimes: z.array(RuntimeInfo) }));

/** What a runtime must be able to do. What is unknown here is an error: nothing is silently left out. */
export const Requirements = later(() => z.strictObject({
  isolation: z.optional(z.number().check(z.minimum(0), z.maximum(10))),
  network: z.optional(Network.shape.mode),
  enforced: z.optional(z.array(z.string())),
  image: z.optional(z.string()),
  runtimes: z.optional(z.array(z.string())),
}));
export type Requirements = z.infer<typeof Requirements>;

export const RuntimeSelectParams = later(() => z.object({
  language: LanguageId,
  preference: z.optional(Preference),
  requirements: z.optional(Requirements),
}));

/** How a runtime did in a choice, and why. */
export const Candidate = later(() => z.object({
  runtime: z.string(),
  score: z.number(),
  eligible: z.boolean(),
  reasons: z.array(z.string()),
}));
export type Candidate = z.infer<typeof Candidate>;

export const RuntimeSelectResult = later(() => z.object({
  runtime: z.string(),
  language: LanguageId,
  preference: Preference,
  candidates: z.array(Candidate),
}));
