/** Gets the values of the secrets that the configuration names, and remembers them in memory for a while. */
import type { Clock } from '../base/clock.ts';
import { MAX_SECRET_BYTES, type SecretSource } from '../protocol/index.ts';
import { denied } from '../policy/policy.ts';

/** They are got again after so long, because many expire. */
const REMEMBERED_MS = 5 * 60_000;
const COMMAND_MS = 30_000;

/** What is asked of this machine. Each rejects with an error whose message says why there is no value, and never says the value. */
export interface SecretReaders {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file that nobody else can read. */
  file(path: string): Promise<string>;
  /** What a program prints. */
  command(command: readonly string[], timeoutMs: number): Promise<string>;
  readonly clock: Clock;
}

/** Returns what gets a value. It throws a ProtocolError PolicyDenied where there is none. */
export function rememberedSecrets(readers: SecretReaders): (name: string, source: SecretSource) => Promise<string> {
  const known = new Map<string, { readonly at: number; readonly value: Promise<string> }>();
  return (name, source) => {
    const last = known.get(name);
    const now = readers.clock.monotonic();
    if (last && now - last.at < REMEMBERED_MS) return last.value;
    const value = valueOf(name, source, readers);
    known.set(name, { at: now, value });
    value.catch(() => known.delete(name));
    return value;
  };
}

async function valueOf(name: string, source: SecretSource, readers: SecretReaders): Promise<string> {
  const value = await read(source, readers).catch((fault: unknown) => {
    throw unavailable(name, fault instanceof Error ? fault.message : String(fault));
  });
  if (value === '') throw unavailable(name, 'it is empty');
  if (value.includes('\0')) throw unavailable(name, 'it has a NUL in it');
  if (Buffer.byteLength(value) > MAX_SECRET_BYTES) throw unavailable(name, `it is longer than ${MAX_SECRET_BYTES} bytes`);
  return value;
}

/** The configuration names exactly one source. */
async function read({ env, file, command = [], timeoutMs = COMMAND_MS }: SecretSource, readers: SecretReaders): Promise<string> {
  if (env !== undefined) {
    const value = readers.env[env];
    if (value === undefined) throw new Error(`the daemon's environment has no variable ${env}`);
    return value;
  }
  const text = await (file === undefined ? readers.command(command, timeoutMs) : readers.file(file));
  return text.replace(/\r?\n$/, '');
}

function unavailable(name: string, why: string) {
  return denied('secrets', `the secret ${name} can't be read: ${why}; secrets.${name} of the configuration file says where it comes from`, { rule: `secrets.${name}` });
}
