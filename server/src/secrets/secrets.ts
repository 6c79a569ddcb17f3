/** The secrets of one session: the variables of its programs, and what finds their values in output. Nothing prints them by accident. */
import { type Environment, invalidParam, MAX_SECRET_BYTES, MAX_SECRETS_BYTES, type SecretSource, type SessionCreateParams } from '../protocol/index.ts';
import { denied } from '../policy/policy.ts';
import { boundPlaces } from '../policy/secrets.ts';
import { Automaton } from './automaton.ts';
import { formsInTurns } from './forms.ts';
import { Redactor } from './redactor.ts';

/** Servers take no longer headers. */
const MAX_BOUND_BYTES = 8 * 1024;

/** A secret that programs don't get. */
export interface BoundSecret {
  readonly name: string;
  /** Names with ports. */
  readonly places: readonly string[];
  readonly header: string;
  /** What the header says. */
  readonly value: string;
}

export class Secrets {
  readonly #values: Environment;
  readonly #automaton: Automaton;
  /** Those that are put into requests to hosts. */
  readonly bound: readonly BoundSecret[];
  /** The names of those that are too short to be found in output. */
  readonly tooShort: readonly string[];

  /** `values`: those that programs get. `kept`: the values of those in `bound`, which are taken out of output as well. */
  static async make(values: Environment, bound: readonly BoundSecret[] = [], kept: readonly string[] = []): Promise<Secrets> {
    const patterns: Buffer[] = [];
    const tooShort: string[] = [];
    for (const [name, value] of [...Object.entries(values), ...kept.map((each) => [undefined, each] as const)]) {
      const forms = await formsInTurns(value);
      for (const form of forms) patterns.push(form);
      if (forms.length === 0 && name !== undefined) tooShort.push(name);
    }
    return new Secrets(values, await Automaton.inTurns(patterns), bound, tooShort);
  }

  private constructor(values: Environment, automaton: Automaton, bound: readonly BoundSecret[], tooShort: readonly string[]) {
    this.#values = values;
    this.#automaton = automaton;
    this.bound = bound;
    this.tooShort = tooShort;
  }

  /** The variables of programs. */
  get env(): Environment {
    return this.#values;
  }

  /** What takes the secrets out of one stream of bytes. */
  redactor(): Redactor {
    return new Redactor(this.#automaton);
  }

  /** The text without them. */
  redact(text: string): string {
    const redactor = this.redactor();
    return Buffer.concat([redactor.push(Buffer.from(text)), redactor.rest()]).toString();
  }
}

type Asked = Pick<SessionCreateParams, 'secrets' | 'secretNames' | 'env'>;

/**
 * undefined: the session has none. `read`: the value of one of those that the configuration has.
 * @throws ProtocolError InvalidParams, and what `read` throws
 */
export async function secretsOf({ secrets = {}, secretNames = [], env = {} }: Asked, configured: Readonly<Record<string, SecretSource>>, read: (name: string, source: SecretSource) => Promise<string>): Promise<Secrets | undefined> {
  const names = [...Object.keys(secrets), ...secretNames];
  if (names.length === 0) return undefined;
  const twice = names.find((name, at) => Object.hasOwn(env, name) || names.indexOf(name) !== at);
  if (twice !== undefined) throw invalidParam(Object.hasOwn(secrets, twice) ? `secrets.${twice}` : 'secretNames', `${twice} is named twice in env, secrets and secretNames; name it only once`);
  const sources = secretNames.map((name, at) => {
    const source = Object.hasOwn(configured, name) ? configured[name] : undefined;
    if (!source) throw invalidParam(`secretNames.${at}`, `the configuration has no secret ${name.slice(0, 100)}; add it to secrets in the configuration file`);
    return [name, source] as const;
  });
  const named = await Promise.all(sources.map(async ([name, source]) => ({ name, source, value: await read(name, source) })));
  const kept = named.filter(({ source }) => source.hosts);
  const values = { ...secrets, ...Object.fromEntries(named.filter(({ source }) => !source.hosts).map(({ name, value }) => [name, value])) };
  requireSizes(values);
  return Secrets.make(values, kept.map(({ name, source, value }) => boundTo(name, source, value)), kept.map(({ value }) => value));
}

/** @throws ProtocolError PolicyDenied */
function boundTo(name: string, source: SecretSource, secret: string): BoundSecret {
  const { header = '', value = '{}' } = source;
  const fault = !/^[\x20-\x7e]*$/.test(secret) ? 'it has other characters than letters, digits and signs of ASCII' : secret.length > MAX_BOUND_BYTES ? `it has more than ${MAX_BOUND_BYTES} bytes` : undefined;
  if (fault !== undefined) throw denied('secrets', `the secret ${name} can't be put into a header, because ${fault}`, { rule: `secrets.${name}` });
  return { name, places: boundPlaces(source), header, value: value.replace('{}', () => secret) };
}

function requireSizes(secrets: Environment): void {
  const sizes = Object.entries(secrets).map(([name, value]) => [name, Buffer.byteLength(value)] as const);
  const large = sizes.find(([, bytes]) => bytes > MAX_SECRET_BYTES);
  if (large) throw invalidParam(`secrets.${large[0]}`, `a value may have at most ${MAX_SECRET_BYTES} bytes, not ${large[1]}`);
  const all = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (all > MAX_SECRETS_BYTES) throw invalidParam('secrets', `all values together may have at most ${MAX_SECRETS_BYTES} bytes, not ${all}`);
}
