/** Values that are replaced as a whole while others hold them. */

/** An object that has, at each use, the members of the one that `current` returns at that moment. Nothing can be set on it. */
export function live<T extends object>(current: () => T): T {
  return new Proxy({} as T, {
    get: (_, name) => Reflect.get(current(), name) as unknown,
    has: (_, name) => Reflect.has(current(), name),
    ownKeys: () => Reflect.ownKeys(current()),
    getOwnPropertyDescriptor: (_, name) => {
      const found = Reflect.getOwnPropertyDescriptor(current(), name);
      return found && { ...found, configurable: true, writable: false };
    },
    set: () => false,
    deleteProperty: () => false,
  });
}
