/** A schema that is built when it is first looked at: building all of them takes longer than a start has. */
import type * as z from 'zod/mini';

/** Stands for what `build` makes, everywhere and for good. */
export function later<S extends z.core.$ZodType>(build: () => S): S {
  let built: S | undefined;
  const schema = () => (built ??= build());
  return new Proxy({} as S, {
    get: (_, key) => Reflect.get(schema(), key) as unknown,
    has: (_, key) => Reflect.has(schema(), key),
  });
}
