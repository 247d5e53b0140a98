import type { Clock } from '../../controller/lib/clock.ts';

/** Counts requests by key. A window begins with the first request of its key. */
export interface RequestLimit {
  /** Counts one; answers how long the key has to wait, ms: 0 while it sent no more than `most` in its window. */
  count(key: string, most: number): number;
}

interface Window {
  requests: number;
  /** Monotonic ms. */
  endsAt: number;
}

/**
 * Keeps two generations of windows: one that was lately counted in, and the one before. So no search for windows that are over
 * is needed, and there are never more than twice `mostKeys`; beyond that, the keys that were not seen for longest are
 * forgotten before their window is over.
 */
export function createRequestLimit(options: {
  clock: Clock;
  windowMs: number;
  mostKeys: number;
}): RequestLimit {
  const { clock, windowMs, mostKeys } = options;
  let young = new Map<string, Window>();
  let old = new Map<string, Window>();
  let oldFrom = clock.monotonic() + windowMs;

  function turn(now: number): void {
    old = young;
    young = new Map();
    oldFrom = now + windowMs;
  }

  return {
    count(key, most) {
      const now = clock.monotonic();
      if (now >= oldFrom || young.size >= mostKeys) turn(now);
      const counted = young.get(key);
      const known = counted ?? old.get(key);
      const window = known && known.endsAt > now ? known : { requests: 0, endsAt: now + windowMs };
      if (window !== counted) young.set(key, window);
      window.requests += 1;
      return window.requests > most ? window.endsAt - now : 0;
    },
  };
}
