/** The shapes of secrets. */
import * as z from 'zod/mini';
import { keepingAll } from './keeping-all.ts';
import { later } from './later.ts';
import { positive } from './values.ts';
import type { ShapeNotes } from './note.ts';

export const MAX_SECRET_BYTES = 64 * 1024;
/** All secrets of a session together. */
export const MAX_SECRETS_BYTES = 128 * 1024;

/** The name of a secret is that of the variable in which programs find it. */
export const SecretName = later(() => z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a secret consists of letters, digits and _, and does not begin with a digit')));

export const SecretValues = later(() => keepingAll(z.record(
  SecretName,
  z.string().check(z.minLength(1), z.maxLength(MAX_SECRET_BYTES), z.regex(/^[^\0]*$/, 'a value cannot contain NUL')),
)));

/** Where a secret of the configuration comes from: exactly one of `env`, `file` and `command`. */
export const SecretSource = later(() => z.strictObject({
  env: z.optional(SecretName),
  file: z.optional(z.string().check(z.regex(/^(?:\/|[A-Za-z]:[\\/])/, 'must be an absolute path'))),
  command: z.optional(z.array(z.string().check(z.regex(/^[^\0]+$/, 'cannot be empty or contain NUL'))).check(z.minLength(1))),
  timeoutMs: z.optional(positive()),
  hosts: z.optional(z.array(z.string()).check(z.minLength(1))),
  header: z.optional(z.string().check(z.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'must be the name of a header'))),
  value: z.optional(z.string().check(z.regex(/^[\x20-\x7a\x7c\x7e]*\{\}[\x20-\x7a\x7c\x7e]*$/, 'must have {} in it, in place of the secret'))),
}).check(z.refine(({ hosts, header, value }) => (hosts === undefined) === (header === undefined) && (value === undefined || hosts !== undefined), 'hosts and header go together, and value with them'), z.refine(({ env, file, command }) => [env, file, command].filter((each) => each !== undefined).length === 1, 'give exactly one of env, file and command')));
export type SecretSource = z.infer<typeof SecretSource>;

export const SecretsConfig = later(() => keepingAll(z.record(SecretName, SecretSource)));

/** The notes of these shapes (see notes.ts). */
export const secretsNotes = (): ShapeNotes => ({
  SecretValues: { '': 'Values by the names of the variables in which programs find them. Names are POSIX identifiers; a value has at least 1 and at most 64 KiB and no NUL, and all of a session have at most 128 KiB. A value of less than 4 bytes is not taken out of output.' },
  SecretSource: {
    '': 'Where a secret comes from: exactly one of `env`, `file` and `command`. It is read when a session asks for it.',
    env: 'The name of a variable in the daemon’s environment. Default: none.',
    file: 'The absolute path of a file that belongs to the user, and that nobody else can read. A line end at its end is left out. Default: none.',
    command: 'A program and its arguments, which runs on this machine with the rights of the daemon’s user and prints the value. A line end at its end is left out. Default: none.',
    timeoutMs: 'How long the `command` may take. Default: 30 000 (30 seconds).',
    hosts: 'Names, with or without a port (443), to which the secret is bound: it never enters a sandbox. The daemon puts it into requests to these hosts, for which it ends TLS itself. Default: programs get it as a variable.',
    header: 'The header of requests to `hosts` that has the secret. What a program sends under this name is replaced. Default: none; with `hosts` it must be named.',
    value: 'What the header says, with `{}` in place of the secret, such as `Bearer {}`. Default: `{}`.',
  },
  SecretName: { '': 'The name of a variable: a POSIX identifier.' },
});
