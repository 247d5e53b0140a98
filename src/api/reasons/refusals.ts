import type { Reason } from './reasons.ts';

interface RefusalTraits {
  /** Whether it counts as a failure: the pause before the next launch grows with each in a row. */
  failure: boolean;
  /** `atOnce`: another offering is asked, or this one once it is no longer marked; see refusalScope.ts. */
  retried: 'atOnce' | 'afterPause';
  /** What the Workspace shows meanwhile. */
  reason: Reason;
}

/** How EC2 can refuse a launch for good. */
export const REFUSALS = {
  capacity: { failure: false, retried: 'atOnce', reason: 'CapacityUnavailable' },
  quota: { failure: false, retried: 'afterPause', reason: 'QuotaExceeded' },
  userFix: { failure: true, retried: 'afterPause', reason: 'InvalidConfiguration' },
} as const satisfies Record<string, RefusalTraits>;

export type Refusal = keyof typeof REFUSALS;

export function isRefusal(kind: string): kind is Refusal {
  return Object.hasOwn(REFUSALS, kind);
}
