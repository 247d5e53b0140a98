/** Requests under way by key: callers that ask for the same key meanwhile share one request and its result. */
export interface SingleFlight<T> {
  run(key: string, ask: () => Promise<T>): Promise<T>;
  has(key: string): boolean;
  /** Keys under way. */
  readonly size: number;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const underWay = new Map<string, Promise<T>>();
  return {
    run(key, ask) {
      const shared = underWay.get(key);
      if (shared) return shared;
      // Called a turn later, so that even an `ask` that ends at once ends after it was noted here.
      const own = Promise.resolve()
        .then(ask)
        .finally(() => underWay.delete(key));
      underWay.set(key, own);
      return own;
    },
    has: (key) => underWay.has(key),
    get size() {
      return underWay.size;
    },
  };
}
