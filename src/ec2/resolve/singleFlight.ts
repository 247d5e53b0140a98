import type { Clock } from '../../controller/lib/clock.ts';

export interface SingleFlightOptions<T> {
  clock: Clock;
  /** How long a value is used without asking again, in ms. */
  ttlMs: (value: T) => number;
}

/** Values by key for a while; callers that ask for the same key at the same time share one request. A rejection is not kept. */
export interface SingleFlight<T> {
  get(key: string, ask: () => Promise<T>): Promise<T>;
  /** The value at hand while it is fresh. */
  peek(key: string): T | undefined;
}

export function createSingleFlight<T>({ clock, ttlMs }: SingleFlightOptions<T>): SingleFlight<T> {
  const values = new Map<string, { value: T; expiresAt: number }>();
  const asking = new Map<string, Promise<T>>();

  function peek(key: string): T | undefined {
    const entry = values.get(key);
    return entry && clock.monotonic() < entry.expiresAt ? entry.value : undefined;
  }

  async function question(key: string, ask: () => Promise<T>): Promise<T> {
    try {
      const value = await ask();
      const now = clock.monotonic();
      for (const [old, { expiresAt }] of values) if (expiresAt <= now) values.delete(old);
      values.set(key, { value, expiresAt: now + ttlMs(value) });
      return value;
    } finally {
      asking.delete(key);
    }
  }

  return {
    peek,
    async get(key, ask) {
      const fresh = peek(key);
      if (fresh !== undefined) return fresh;
      // Called a turn later, so that even an `ask` that ends at once ends after it was noted here.
      const shared = asking.get(key) ?? Promise.resolve().then(() => question(key, ask));
      asking.set(key, shared);
      return shared;
    },
  };
}
