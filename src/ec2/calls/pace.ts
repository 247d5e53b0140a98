import type { Clock } from '../../controller/lib/clock.ts';
import type { BucketSize } from './buckets.ts';

/** Limits the burst and the rate as a token bucket of that size does, without tokens to hold. */
export interface Pace {
  /** In how many ms one more may pass; 0 is now. */
  waitMs(): number;
  pass(): void;
  /** One that passed made no use of it. */
  takeBack(): void;
}

/** The generic cell rate algorithm (ITU-T I.371): one moment says all, from when on the whole burst is there again. */
export function createPace(clock: Clock, { capacity, refillPerSecond }: BucketSize): Pace {
  const intervalMs = 1000 / refillPerSecond;
  const toleranceMs = (capacity - 1) * intervalMs;
  let fullAt = Number.NEGATIVE_INFINITY;
  return {
    // A timer may fire a hair early against the rounding.
    waitMs: () => Math.max(0, Math.ceil(fullAt - toleranceMs - clock.monotonic() - 1e-3)),
    pass() {
      fullAt = Math.max(fullAt, clock.monotonic()) + intervalMs;
    },
    takeBack() {
      fullAt -= intervalMs;
    },
  };
}
