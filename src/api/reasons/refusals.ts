import type { Reason } from './reasons.ts';

interface RefusalTraits {
  /** Whether it counts as a failure: the pause before the next launch grows with each in a row. */
  failure: boolean;
  /** `atOnce`: another offering is asked, or this one once it is no longer marked; see refusalScope.ts. */
  retried: 'atOnce' | 'afterPause';
  /**
   * Whether EC2 looks for the client token before it refuses so, and thus refuses only requests that it has not carried out. EC2
   * checks caller and fields before the token, so such a refusal of a repeated request proves nothing about an earlier one.
   */
  afterToken: boolean;
  /** What the Workspace shows meanwhile. */
  reason: Reason;
}

/** How EC2 can refuse a launch for good. */
export const REFUSALS = {
  capacity: { failure: false, retried: 'atOnce', afterToken: true, reason: 'CapacityUnavailable' },
  quota: { failure: false, retried: 'afterPause', afterToken: true, reason: 'QuotaExceeded' },
  userFix: { failure: true, retried: 'afterPause', afterToken: false, reason: 'InvalidConfiguration' },
} as const satisfies Record<string, RefusalTraits>;

export type Refusal = keyof typeof REFUSALS;

export function isRefusal(kind: string): kind is Refusal {
  return Object.hasOwn(REFUSALS, kind);
}
