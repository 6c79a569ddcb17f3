/** An object that stands before another one of its kind: it does a few things itself and leaves the rest to the other. */

/**
 * What `own` has is taken from there, and what is set later is its own as well. Everything else is looked up, at each
 * use, on what `target` gives then, so that nothing of an interface is lost on the way, and whatever is added to it
 * later is forwarded too.
 */
export function forwarding<T extends object>(target: () => T, own: Partial<T>): T {
  return new Proxy(own as T, {
    get(itself, name) {
      const from = Object.hasOwn(itself, name) ? itself : target();
      const value: unknown = Reflect.get(from, name);
      return typeof value === 'function' ? (value.bind(from) as unknown) : value;
    },
  });
}
