import type { Clock } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { createTokenBucket, type TokenBucket } from '../../controller/lib/tokenBucket.ts';
import type { Ec2Metrics } from './metrics.ts';

export interface BucketSize {
  /** Requests in one burst. */
  capacity: number;
  refillPerSecond: number;
}

/**
 * AWS's request buckets per account and region ("Request throttling for the Amazon EC2 API", "Systems Manager
 * endpoints and quotas"). AWS has one a Describe action; sharing one among them stays below all of them.
 * The bucket of launched instances (1,000, 2 a second) never binds: a request of ours launches one.
 */
export const BUCKET_SIZES = Object.freeze({
  RunInstances: { capacity: 5, refillPerSecond: 2 },
  TerminateInstances: { capacity: 100, refillPerSecond: 5 },
  StopInstances: { capacity: 50, refillPerSecond: 5 },
  StartInstances: { capacity: 5, refillPerSecond: 2 },
  /** Describe calls with filters or pages. */
  Describe: { capacity: 100, refillPerSecond: 20 },
  /** Describe calls with neither: those by id. */
  DescribeUnfiltered: { capacity: 50, refillPerSecond: 10 },
  /** Older editions count it among the expensive actions; it is asked for seldom enough to keep to those. */
  GetConsoleOutput: { capacity: 50, refillPerSecond: 5 },
  GetParameter: { capacity: 40, refillPerSecond: 40 },
} satisfies Record<string, BucketSize>);

export type BucketName = keyof typeof BUCKET_SIZES;

/**
 * Calls may arrive at AWS so much closer together than they were sent, s: one that the network or a busy machine held
 * up draws on the bucket at the same moment as those sent after it.
 */
const ARRIVAL_SPREAD_SECONDS = 0.5;

const BACKOFF_MIN_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;

export interface BucketsOptions {
  clock: Clock;
  random: Random;
  metrics: Ec2Metrics;
  /** Other sizes than AWS's, e.g. of an account with raised limits. */
  sizes?: Partial<Record<BucketName, BucketSize>>;
}

/**
 * AWS's sizes times a factor, for accounts whose quotas are raised or shared with others; the burst is smaller by what
 * AWS refills within the spread of arrivals, so that no order of arrival overdraws AWS's bucket.
 */
export function scaledBucketSizes(factor: number): Record<BucketName, BucketSize> {
  const scale = ({ capacity, refillPerSecond }: BucketSize): BucketSize => ({
    capacity: Math.max(1, Math.floor((capacity - refillPerSecond * ARRIVAL_SPREAD_SECONDS) * factor)),
    refillPerSecond: refillPerSecond * factor,
  });
  return {
    RunInstances: scale(BUCKET_SIZES.RunInstances),
    TerminateInstances: scale(BUCKET_SIZES.TerminateInstances),
    StopInstances: scale(BUCKET_SIZES.StopInstances),
    StartInstances: scale(BUCKET_SIZES.StartInstances),
    Describe: scale(BUCKET_SIZES.Describe),
    DescribeUnfiltered: scale(BUCKET_SIZES.DescribeUnfiltered),
    GetConsoleOutput: scale(BUCKET_SIZES.GetConsoleOutput),
    GetParameter: scale(BUCKET_SIZES.GetParameter),
  };
}

/** The one gate to AWS: shared by all callers of the process, so that a storm queues here and not there. */
export interface Buckets {
  /** Resolves when one request may go out. For callers that may wait; a reconcile has a turn instead (lines.ts). */
  take(name: BucketName): Promise<void>;
  /** Takes the token of one request at once, or none. */
  tryTake(name: BucketName): boolean;
  /** In how many ms there are tokens for this number of requests, if no other is sent; 0 is now. */
  waitMs(name: BucketName, requests: number): number;
  size(name: BucketName): BucketSize;
  /** AWS said "too fast": everyone at this bucket waits, 1 s to 30 s with jitter, longer each time in a row. */
  throttled(name: BucketName): void;
  /** AWS answered otherwise: the next wait starts small again. */
  answered(name: BucketName): void;
}

interface Gate {
  bucket: TokenBucket;
  throttles: number;
  pausedUntil: number;
}

export function createBuckets({ clock, random, metrics, sizes = {} }: BucketsOptions): Buckets {
  const gates = new Map<BucketName, Gate>();

  function gate(name: BucketName): Gate {
    const known = gates.get(name);
    if (known) return known;
    const bucket = createTokenBucket({
      clock,
      ...sizeOf(name),
      onWait: (ms) => metrics.bucketWait(name, ms),
    });
    const made = { bucket, throttles: 0, pausedUntil: Number.NEGATIVE_INFINITY };
    gates.set(name, made);
    return made;
  }

  const sizeOf = (name: BucketName) => sizes[name] ?? BUCKET_SIZES[name];

  return {
    take: (name) => gate(name).bucket.take(),
    tryTake: (name) => gate(name).bucket.tryTake(),
    waitMs: (name, requests) => gate(name).bucket.waitMs(requests),
    size: sizeOf,
    throttled(name) {
      const at = gate(name);
      // Throttled requests that were under way when the pause began add no news.
      if (clock.monotonic() < at.pausedUntil) return;
      const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(at.throttles, 10));
      const pause = ceiling * (0.5 + random.next() / 2);
      at.throttles += 1;
      at.pausedUntil = clock.monotonic() + pause;
      at.bucket.drain(pause);
    },
    answered(name) {
      const at = gate(name);
      if (clock.monotonic() >= at.pausedUntil) at.throttles = 0;
    },
  };
}
