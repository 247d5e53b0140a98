import { earliest, type MonoMs, plus } from '../../../../controller/lib/time.ts';
import type { ChangedNames, PendingChange } from '../facts/processFacts.ts';

interface Digests {
  env: string;
  machine: string;
}

/** A constant writer can hold a change back for at most this number of debounce intervals. */
const MOST_INTERVALS = 10;

/**
 * Follows a difference between the digests on record and those observed.
 * Invariant: undefined exactly while they are equal, so that A→B→A leaves no trace. It begins again with a term of the lease,
 * since this process did not look between two terms.
 */
export function trackChange(
  previous: PendingChange | undefined,
  recorded: Digests | undefined,
  observed: Digests | undefined,
  { changed, plain }: ChangedNames,
  mono: MonoMs,
  termAt?: MonoMs,
): PendingChange | undefined {
  if (!recorded || !observed) return previous;
  if (sameDigests(recorded, observed)) return undefined;
  // Once a burst was counted, what follows is a burst of its own.
  const isOfTerm = previous !== undefined && (termAt === undefined || previous.burstSince >= termAt);
  const earlier = isOfTerm && sameDigests(previous.recorded, recorded) ? previous : undefined;
  return {
    recorded: { env: recorded.env, machine: recorded.machine },
    env: observed.env,
    machine: observed.machine,
    since: earlier && sameDigests(earlier, observed) ? earlier.since : mono,
    burstSince: earlier?.burstSince ?? mono,
    changed: [...new Set([...(earlier?.changed ?? []), ...changed])].sort(),
    plain: plain === true && earlier?.plain !== false,
  };
}

function sameDigests(a: Digests, b: Digests): boolean {
  return a.env === b.env && a.machine === b.machine;
}

/** When the change counts. */
export function changeDueAt(change: PendingChange, debounceMs: number): MonoMs {
  return earliest(plus(change.since, debounceMs), plus(change.burstSince, MOST_INTERVALS * debounceMs));
}
