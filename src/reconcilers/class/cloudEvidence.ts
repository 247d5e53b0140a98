import type { Leadership } from '../../controller/lease/leadership.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { latest, msBetween } from '../../controller/lib/time.ts';
import type { Observer } from '../../ec2/observe/observer.ts';
import type { CloudVerdict } from './decide/facts.ts';

export interface CloudEvidenceOptions {
  cloud: Pick<Observer, 'dueSince' | 'health'>;
  /** Only the leader sweeps. */
  lease: Pick<Leadership, 'term'>;
  clock: Clock;
  /** How long without a whole sweep EC2 counts as away, ms; several sweeps long. */
  unavailableAfterMs: number;
}

export function judgeCloud({ cloud, lease, clock, unavailableAfterMs }: CloudEvidenceOptions): CloudVerdict {
  const term = lease.term();
  if (!term) return { reason: 'Available' };
  const since = latest(term.acquiredAt, cloud.dueSince());
  if (msBetween(since, clock.monotonic()) <= unavailableAfterMs) return { reason: 'Available' };
  const { lastError } = cloud.health();
  return { reason: 'CloudUnavailable', ...(lastError && { code: lastError.failure.code }) };
}
