/** The secrets of one session: the variables of its programs, and what finds their values in output. Nothing prints them by accident. */
import { type Environment, invalidParam, MAX_SECRET_BYTES, MAX_SECRETS_BYTES, type SessionCreateParams } from '../protocol/index.ts';
import { Automaton } from './automaton.ts';
import { formsOf } from './forms.ts';
import { Redactor } from './redactor.ts';

export class Secrets {
  readonly #values: Environment;
  readonly #automaton: Automaton;
  /** The names of those that are too short to be found in output. */
  readonly shown: readonly string[];

  constructor(values: Environment) {
    const forms = Object.entries(values).map(([name, value]) => ({ name, found: formsOf(value) }));
    this.#values = values;
    this.#automaton = new Automaton(forms.flatMap(({ found }) => found));
    this.shown = forms.filter(({ found }) => found.length === 0).map(({ name }) => name);
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

/** undefined: the session has none. @throws ProtocolError InvalidParams */
export function secretsOf({ secrets = {}, env = {} }: Pick<SessionCreateParams, 'secrets' | 'env'>): Secrets | undefined {
  const names = Object.keys(secrets);
  if (names.length === 0) return undefined;
  const twice = names.find((name) => Object.hasOwn(env, name));
  if (twice !== undefined) throw invalidParam(`secrets.${twice}`, 'this name is in env, too; name it only once');
  requireSizes(secrets);
  return new Secrets(secrets);
}

function requireSizes(secrets: Environment): void {
  const sizes = Object.entries(secrets).map(([name, value]) => [name, Buffer.byteLength(value)] as const);
  const large = sizes.find(([, bytes]) => bytes > MAX_SECRET_BYTES);
  if (large) throw invalidParam(`secrets.${large[0]}`, `a value may have at most ${MAX_SECRET_BYTES} bytes, not ${large[1]}`);
  const all = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (all > MAX_SECRETS_BYTES) throw invalidParam('secrets', `all values together may have at most ${MAX_SECRETS_BYTES} bytes, not ${all}`);
}
