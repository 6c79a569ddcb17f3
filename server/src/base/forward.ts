/** An object that stands before another one of its kind: it does a few things itself and leaves the rest to the other. */

/**
 * What `own` has is taken from there. Everything else is looked up, at each use, on what `target` gives then, so that
 * nothing of an interface is lost on the way, and whatever is added to it later is forwarded as well.
 */
export function forwarding<T extends object>(target: () => T, own: Partial<T>): T {
  return new Proxy({} as T, {
    get(_, name) {
      const from = Object.hasOwn(own, name) ? own : target();
      const value: unknown = Reflect.get(from, name);
      return typeof value === 'function' ? (value.bind(from) as unknown) : value;
    },
  });
}
