import type { PendingChange } from './facts.ts';

interface Digests {
  env: string;
  machine: string;
}

/** A constant writer can hold a change back for at most so many debounce intervals. */
const MOST_INTERVALS = 10;

/**
 * Follows a difference between the digests on record and those observed.
 * Invariant: undefined exactly while they are equal, so that A→B→A leaves no trace.
 */
export function trackChange(
  previous: PendingChange | undefined,
  recorded: Digests | undefined,
  observed: Digests | undefined,
  changed: readonly string[],
  mono: number,
): PendingChange | undefined {
  if (!recorded || !observed) return previous;
  if (recorded.env === observed.env && recorded.machine === observed.machine) return undefined;
  const same = previous?.env === observed.env && previous.machine === observed.machine;
  return {
    env: observed.env,
    machine: observed.machine,
    since: same && previous ? previous.since : mono,
    burstSince: previous?.burstSince ?? mono,
    changed: [...new Set([...(previous?.changed ?? []), ...changed])].sort(),
  };
}

/** Monotonic ms at which the change counts. */
export function changeDueAt(change: PendingChange, debounceMs: number): number {
  return Math.min(change.since + debounceMs, change.burstSince + MOST_INTERVALS * debounceMs);
}
