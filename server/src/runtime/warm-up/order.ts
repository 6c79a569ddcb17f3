/**
 * The order that a waiting interpreter gets: what it is to run. It comes on stdin, before the input of the program:
 * eight hexadecimal digits that say how many bytes follow, then strings, each ended by NUL: the working directory, the
 * source file, the number of variables, each variable as NAME=value, the arguments.
 */
import type { Environment } from '../../protocol/index.ts';

export interface Order {
  /** Absolute. */
  readonly cwd: string;
  /** Absolute. */
  readonly file: string;
  readonly env: Environment;
  readonly args: readonly string[];
}

export function orderBytes({ cwd, file, env, args }: Order): Buffer {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const body = Buffer.from([cwd, file, String(variables.length), ...variables, ...args].map((text) => `${text}\0`).join(''));
  return Buffer.concat([Buffer.from(body.length.toString(16).padStart(8, '0')), body]);
}
