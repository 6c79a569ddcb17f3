/** The configuration file (protocol section 8). An unknown key is an error, and so is one this version does not serve. */
import * as z from 'zod/mini';
import { later } from './later.ts';
import { count, LanguageId, PartialLimits, positive, Preference } from './values.ts';

/** Not one of ours. */
const runtimeId = () => z.string().check(z.regex(/^(?!(?:docker|gvisor|native|deno|bun)$)[a-z0-9][a-z0-9._-]*$/, 'an id is lower-case letters, digits, . _ -, and not that of a built-in runtime'));
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
