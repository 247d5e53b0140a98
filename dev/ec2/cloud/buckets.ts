import type { Clock } from '../../../src/controller/lib/clock.ts';
import { CloudError } from '../base/errors.ts';

/** Capacity and refill a second of a request bucket. */
export interface BucketSize {
  capacity: number;
  refill: number;
}

/**
 * AWS's published sizes ("Request throttling for the Amazon EC2 API"). The bucket for launched instances
 * (1,000 and 2 a second) can't run dry before the one for requests while a request launches one instance.
 */
export const AWS_BUCKETS: Readonly<Record<string, BucketSize>> = Object.freeze({
  RunInstances: { capacity: 5, refill: 2 },
  StartInstances: { capacity: 5, refill: 2 },
  StopInstances: { capacity: 50, refill: 5 },
  TerminateInstances: { capacity: 100, refill: 5 },
  CreateTags: { capacity: 100, refill: 10 },
  GetConsoleOutput: { capacity: 50, refill: 5 },
  Describe: { capacity: 100, refill: 20 },
  DescribeUnfiltered: { capacity: 50, refill: 10 },
  GetParameter: { capacity: 40, refill: 40 },
});

export interface Buckets {
  /** @throws CloudError RequestLimitExceeded when the bucket is empty; the request has then spent nothing. */
  take(bucket: string): void;
}

export function createBuckets(clock: Clock, sizes: Readonly<Record<string, BucketSize>>): Buckets {
  const levels = new Map<string, { tokens: number; at: number }>();
  return {
    take(bucket) {
      const size = sizes[bucket];
      if (size === undefined) return;
      const now = clock.monotonic();
      const level = levels.get(bucket) ?? { tokens: size.capacity, at: now };
      const tokens = Math.min(size.capacity, level.tokens + ((now - level.at) / 1000) * size.refill);
      levels.set(bucket, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
      if (tokens < 1) throw new CloudError('RequestLimitExceeded', 'Request limit exceeded.');
    },
  };
}
