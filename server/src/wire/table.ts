/** The methods that a client may call, by their names. */
import { type Method, methods } from '../protocol/index.ts';

export const clientMethods: ReadonlyMap<string, Method> = new Map(
  methods.filter(({ from }) => from === 'client').map((method) => [method.name, method]),
);
