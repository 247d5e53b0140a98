import type { FleetEntry } from '../member/entry.ts';
import type { Occupant } from './room.ts';

/** How a Workspace counts in a class that is not its own. */
export interface Guest extends Occupant {
  /** It was given up there for a change, and holds a slot until it serves. */
  isTakenDown: boolean;
}

/** The classes in whose sums it is: its own, those left in which it takes up room or holds a slot yet, and the one that it moves to. */
export function classesOf({ className, alsoIn, movesTo, slotIn }: FleetEntry): readonly string[] {
  return [...new Set([className, ...alsoIn, ...[movesTo, slotIn].filter((name) => name !== undefined)])];
}

export function sameClasses(a: FleetEntry, b: FleetEntry): boolean {
  return a.className === b.className && classesOf(a).join() === classesOf(b).join();
}

export function guestIn(className: string, entry: FleetEntry): Guest {
  const { uid, key, namespace, createdOrder, alsoIn, movesTo, slotIn } = entry;
  const occupies = alsoIn.includes(className);
  const wantsRoom = !occupies && movesTo === className;
  return { uid, key, namespace, createdOrder, occupies, wantsRoom, isTakenDown: slotIn === className };
}
