/** Schemas that are built when they are first used, because building all of them would slow down every start. */
import type * as z from 'zod/mini';

/** Returns a stand-in that behaves exactly like the schema that `build` returns. `build` is called once, at the first use. */
export function later<S extends z.core.$ZodType>(build: () => S): S {
  let built: S | undefined;
  const schema = () => (built ??= build());
  return new Proxy({} as S, {
    get: (_, key) => Reflect.get(schema(), key) as unknown,
    has: (_, key) => Reflect.has(schema(), key),
  });
}
