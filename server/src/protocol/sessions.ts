/** Sessions and runtimes (protocol sections 3 and 4). */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { ProgressToken } from './lifecycle.ts';
import {
  CloseReason,
  count,
  Environment,
  Network,
  PartialLimits,
  Preference,
  RuntimeInfo,
  Session,
  SessionState,
} from './values.ts';
import type { ShapeNotes } from './note.ts';

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

/** What the fields mean (see notes.ts). */
export const sessionsNotes: ShapeNotes = {
  RuntimeSelectParams: {
    language: 'What the sandbox is for.',
    preference: 'What the choice looks at. Default: as configured, `balanced`.',
    requirements: 'What the runtime must be able to do.',
  },
  Requirements: {
    '': 'What a runtime must be able to do to be chosen. An unknown key is an error.',
    isolation: 'The least score, from 0 to 10.',
    network: 'A mode that it can confine a sandbox to. Default: `none`.',
    enforced: 'Names of layers that must be `enforced`.',
    image: 'An OCI image that the configuration allows: only for runtimes that have images.',
    runtimes: 'One of these. Empty: none will do.',
  },
  Candidate: {
    '': 'How a runtime did in a choice.',
    score: 'From 0 to 100, and 100 more where nothing must be fetched first. The highest that is eligible is chosen.',
    eligible: 'Whether it can do what is asked for.',
    reasons: 'In words: what stands against it, or what its score is made of.',
  },
  RuntimeSelectResult: { candidates: 'Every runtime, the best first.' },
  SessionCreateParams: {
    language: 'The language that the sandbox is for. Any other it happens to hold runs too.',
    runtime: 'An id from `runtime/list`. Default: the daemon chooses.',
    preference: 'What the choice looks at. Default: `balanced`.',
    image: 'An OCI image that the configuration allows.',
    label: 'For people.',
    workspace: 'A folder to share: under the `workspaceFolders` of `initialize`, and trusted.',
    env: 'For every command of the session.',
    secrets: 'Values that are kept out of logs and replies.',
    limits: 'Never above what the configuration allows.',
    network: 'Never more than the configuration allows.',
    strict: 'Refuse (1014) a sandbox in which a requested layer is less than enforced. Default: false.',
    idleTimeoutMs: 'Default: 30 min. A session that runs a command is not idle.',
    maxLifetimeMs: 'Default: 120 min.',
    workDoneToken: 'For `$/progress` while the sandbox is made.',
  },
  SessionExecuteParams: {
    command: '`type` is what follows `command/` in the method’s name; the other members are its params.',
  },
  SessionCloseResult: { sessionId: 'Of the closed session.' },
  SessionStateChangedParams: { reason: 'Why it closes or has closed.' },
};
