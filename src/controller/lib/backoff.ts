import type { Random } from './random.ts';

export interface BackoffOptions {
  random: Random;
  /** The shortest delay there can be, ms. */
  minMs: number;
  /** The longest delay there can be, ms. */
  maxMs: number;
}

export interface Backoff {
  /** The next delay in ms; each one is drawn from a range twice as high as the last. */
  next(): number;
  reset(): void;
}

/** Exponential, each delay uniform between the half and the whole of its step, so that clients that failed together do not return together. */
export function createBackoff({ random, minMs, maxMs }: BackoffOptions): Backoff {
  let step = minMs * 2;
  return {
    next() {
      const delay = step * (0.5 + random.next() / 2);
      step = Math.min(maxMs, step * 2);
      return delay;
    },
    reset() {
      step = minMs * 2;
    },
  };
}
