/** The shapes of secrets. */
import * as z from 'zod/mini';
import { keepingAll } from './keeping-all.ts';
import { later } from './later.ts';
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

/** The notes of these shapes (see notes.ts). */
export const secretsNotes = (): ShapeNotes => ({
  SecretValues: { '': 'Values by the names of the variables in which programs find them. Names are POSIX identifiers; a value has at least 1 and at most 64 KiB and no NUL, and all of a session have at most 128 KiB. A value of less than 4 bytes is not taken out of output.' },
  SecretName: { '': 'The name of a variable: a POSIX identifier.' },
});
