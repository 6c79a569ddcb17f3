/** Decorators: objects that implement a few members of an interface themselves and forward the rest to another object. */

/**
 * Returns an object that has the members of `own`, and whatever is set on it later. Every other member is taken, at
 * each use, from the object that `target` returns at that moment. So no member of the interface can be forgotten, and
 * members that are added to the interface later are forwarded too.
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
