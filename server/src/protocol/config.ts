/** The configuration file (protocol section 8). An unknown key is an error, and so is one this version does not serve. */
import * as z from 'zod/mini';
import { LanguageId } from './languages.ts';
import { later } from './later.ts';
import { count, PartialLimits, positive, Preference } from './values.ts';
import type { ShapeNotes } from './note.ts';

const runtimeId = () => z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]*$/, 'an id is lower-case letters, digits, . _ -'));
const ociName = () => z.string().check(z.minLength(1));

export const Config = later(() => z.strictObject({
  preference: z.optional(Preference),
  images: z.optional(z.partialRecord(LanguageId, z.string())),
  allowedImages: z.optional(z.array(z.string())),
  limits: z.optional(z.strictObject(PartialLimits.shape)),
  maxLimits: z.optional(z.strictObject(PartialLimits.shape)),
  sessions: z.optional(
    z.strictObject({
      max: z.optional(positive()),
      idleTimeoutMs: z.optional(count()),
      maxLifetimeMs: z.optional(count()),
    }),
  ),
  network: z.optional(z.strictObject({ modes: z.optional(z.array(z.enum(['none']))) })),
  stateDir: z.optional(z.string().check(z.regex(/^(?:\/|[A-Za-z]:[\\/])/, 'must be an absolute path'))),
  pool: z.optional(z.record(z.string(), z.partialRecord(LanguageId, count()))),
  docker: z.optional(
    z.strictObject({
      host: z.optional(z.string()),
      ociRuntime: z.optional(ociName()),
      runtimes: z.optional(z.record(runtimeId(), z.strictObject({ ociRuntime: z.optional(ociName()), isolation: z.number().check(z.gte(0), z.lte(10)) }))),
    }),
  ),
  log: z.optional(
    z.strictObject({
      level: z.optional(z.enum(['error', 'warn', 'info', 'debug'])),
      file: z.optional(z.string()),
    }),
  ),
}));
export type Config = z.infer<typeof Config>;

/** What the fields mean (see notes.ts). */
export const configNotes: ShapeNotes = {
  Config: {
    '': 'The configuration file.',
    preference: 'Default: `balanced`.',
    images: 'The image for each language. A client may name these too.',
    allowedImages: 'More images that a client may name. Empty: no more.',
    limits: 'What a session gets when it asks for nothing: see Limits.',
    maxLimits: 'What a session gets at most.',
    'sessions.max': 'Open at once. Default: 16.',
    'sessions.idleTimeoutMs': 'Default: 30 min.',
    'sessions.maxLifetimeMs': 'Default: 120 min.',
    'network.modes': 'What a session may ask for. Empty: `none` alone.',
    stateDir: 'A folder for what is remembered: measurements, what was found on this host. Default: `$XDG_STATE_HOME/codebeaker`.',
    'docker.host': 'The engine, as in `DOCKER_HOST`.',
    'docker.ociRuntime': 'By which of its OCI runtimes the engine runs the containers of `docker`. Default: the engine’s own.',
    'docker.runtimes': 'More runtimes: id to `ociRuntime`, one that the engine offers (default: the id), and `isolation`, what it is worth, 0 to 10. More than 7 promises a kernel other than the host’s, and is checked.',
    'log.level': 'Default: `warn`.',
    'log.file': 'A file for the log.',
  },
};
