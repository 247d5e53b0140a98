export interface Indexes<T> {
  /** Moves a key from the values of its old object to those of its new one. */
  replace(key: string, old: T | undefined, now: T | undefined): void;
  keys(index: string, value: string): string[];
}

/** Keys by the values of index functions. The functions must be pure: they are called again to remove a key. */
export function createIndexes<T>(
  functions: Readonly<Record<string, (object: T) => readonly string[]>>,
): Indexes<T> {
  const indexes = Object.entries(functions).map(([name, of]) => ({
    name,
    of,
    keys: new Map<string, Set<string>>(),
  }));

  return {
    replace(key, old, now) {
      for (const index of indexes) {
        for (const value of old ? index.of(old) : []) {
          const keys = index.keys.get(value);
          keys?.delete(key);
          if (keys?.size === 0) index.keys.delete(value);
        }
        for (const value of now ? index.of(now) : []) {
          const keys = index.keys.get(value);
          if (keys) keys.add(key);
          else index.keys.set(value, new Set([key]));
        }
      }
    },
    keys(name, value) {
      const index = indexes.find((candidate) => candidate.name === name);
      if (!index) throw new RangeError(`the store has no index "${name}"`);
      return [...(index.keys.get(value) ?? [])];
    },
  };
}
