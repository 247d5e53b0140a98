/** Defaults are client-go's DefaultTypedControllerRateLimiter. */
export interface RateLimits {
  /** The first delay of a key, ms; each failure doubles it. */
  baseMs: number;
  maxMs: number;
  /** Requeues a second that all keys share once `burst` is used up. */
  perSecond: number;
  burst: number;
}

export interface RateLimiter {
  /** Counts a failure of the key; the delay until it may be tried again, ms. */
  next(key: string, now: number): number;
  failures(key: string): number;
  forget(key: string): void;
}

/** The longer of a key's own exponential backoff and the queue's overall rate. */
export function createRateLimiter(limits: Partial<RateLimits> = {}): RateLimiter {
  const { baseMs = 5, maxMs = 1_000_000, perSecond = 10, burst = 100 } = limits;
  const failures = new Map<string, number>();
  const intervalMs = 1000 / perSecond;
  // The generic cell rate algorithm: the instant at which the bucket would be full again.
  let fullAt = Number.NEGATIVE_INFINITY;

  return {
    next(key, now) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      fullAt = Math.max(fullAt, now) + intervalMs;
      return Math.max(Math.min(maxMs, baseMs * 2 ** count), fullAt - now - burst * intervalMs);
    },
    failures: (key) => failures.get(key) ?? 0,
    forget: (key) => void failures.delete(key),
  };
}
