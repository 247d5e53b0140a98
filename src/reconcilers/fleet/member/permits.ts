import type { MonoMs } from '../../../controller/lib/time.ts';
import type { Claim } from '../../workspace/decide/facts/decision.ts';
import type { FleetEntry } from './entry.ts';

/** The claim of a write under way on the others of its class; held until the write's outcome is certain. */
export interface Permit extends Claim {
  /** The resourceVersion that the write is conditional on: once the store shows another, that one counts. */
  version: string;
  /** How many writes for it are under way. */
  sent: number;
  /** When a write for it was last sent without an answer: it may land yet, even if later ones were answered. */
  unansweredAt?: MonoMs;
}

/** A later claim on the same version: the earlier write may still land, so that it takes what both do. */
export function joined(earlier: Permit | undefined, claim: Claim, version: string): Permit {
  if (earlier?.version !== version) return { ...claim, version, sent: 1 };
  return {
    ...earlier,
    sent: earlier.sent + 1,
    slot: earlier.slot || claim.slot,
    room: earlier.room || claim.room,
    move: (earlier.move ?? false) || (claim.move ?? false),
    contents: union(earlier.contents, claim.contents),
  };
}

/** A write for it was answered: returns the permit that is left, if any. */
export function answered(permit: Permit): Permit | undefined {
  const sent = permit.sent - 1;
  return sent === 0 && permit.unansweredAt === undefined ? undefined : { ...permit, sent };
}

/** How it counts while it holds a permit: as it will once the write is on record. */
export function expected(entry: FleetEntry, { slot, room, move, contents }: Permit): FleetEntry {
  return {
    ...outOfLine(entry),
    alsoIn: move && entry.movesTo !== undefined ? union(entry.alsoIn, [entry.movesTo]) : entry.alsoIn,
    counts: entry.counts || slot,
    available: entry.available && !slot,
    occupies: entry.occupies || room,
    tries: union(entry.tries, contents),
  };
}

/** The entry while nothing can be given to it: no other one waits for it. */
export function outOfLine(entry: FleetEntry): FleetEntry {
  return { ...entry, waits: undefined, wantsRoom: false, movesTo: undefined };
}

function union(some: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...some, ...more])];
}
