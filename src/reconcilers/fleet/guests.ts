import type { FleetEntry } from './entry.ts';
import type { Occupant } from './room.ts';

/** The classes in whose sums it is: its own, those left in which it takes up room yet, and the one that it moves to. */
export function classesOf({ className, alsoIn, movesTo }: FleetEntry): readonly string[] {
  return [...new Set([className, ...alsoIn, ...(movesTo === undefined ? [] : [movesTo])])];
}

export function sameClasses(a: FleetEntry, b: FleetEntry): boolean {
  return a.className === b.className && classesOf(a).join() === classesOf(b).join();
}

/** How it counts in a class that is not its own. */
export function guestIn(className: string, entry: FleetEntry): Occupant {
  const { uid, key, namespace, createdOrder, alsoIn, movesTo } = entry;
  const occupies = alsoIn.includes(className);
  return { uid, key, namespace, createdOrder, occupies, wantsRoom: !occupies && movesTo === className };
}
