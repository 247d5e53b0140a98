import type { Lease } from '../../../../src/controller/lease/lease.ts';

export type LeaseSpec = Lease['spec'] & {};

/** How long there was nobody who is known to have led, and who led, one after the other. */
export interface Terms {
  /** ms */
  longest: number;
  holders: readonly string[];
}

const at = (time: string | null | undefined) => Date.parse(time ?? '');

/**
 * Whom a Lease lets lead, by its states in the order in which they were. A holder is known to have led until it gave the lease back,
 * or else until its last renewal: whether it led on after that, or died, the lease does not say. Two renewals prove the time between
 * them if the second came before the lease ran out. States that were missed make the answer longer, and never shorter.
 */
export function termsOf(states: readonly LeaseSpec[]): Terms {
  const holders: string[] = [];
  let longest = 0;
  let before: LeaseSpec | undefined;
  for (const state of states) {
    const holder = state.holderIdentity ?? '';
    if (holder !== '' && holder !== holders.at(-1)) holders.push(holder);
    if (before !== undefined && holder !== '') longest = Math.max(longest, gap(before, state));
    // A lease that was given back twice was given back the first time.
    if (holder !== '' || before?.holderIdentity !== '') before = state;
  }
  return { longest, holders };
}

/** Between what one state proves and what the next one does, ms. */
function gap(before: LeaseSpec, next: LeaseSpec): number {
  const isSameTerm = before.holderIdentity === next.holderIdentity && before.acquireTime === next.acquireTime;
  if (!isSameTerm) return at(next.acquireTime) - at(before.renewTime);
  const silent = at(next.renewTime) - at(before.renewTime);
  return silent > (before.leaseDurationSeconds ?? 0) * 1_000 ? silent : 0;
}
