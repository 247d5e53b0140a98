import { isClassContent } from '../../api/launch/machine.ts';
import type { FleetFact } from '../workspace/decide/facts/facts.ts';
import type { RoomFact } from '../workspace/decide/facts/roomFacts.ts';
import type { FleetEntry } from './member/entry.ts';
import type { ClassTally } from './sums/tally.ts';

/** A class's room for one Workspace that takes up some there, or would. */
export function roomFor(self: FleetEntry, tally: ClassTally): RoomFact {
  return tally.room.factFor(self, tally.entries.get(self.uid) ?? tally.guests.get(self.uid));
}

/** A class's sums for one of its Workspaces, without that one. */
export function factOf(
  self: FleetEntry,
  tally: ClassTally,
  contents: readonly string[],
  nameOf = (content: string) => content,
): FleetFact {
  const known = tally.entries.get(self.uid);
  const slots = tally.slots.factFor(self, known);
  return {
    ...slots,
    unavailable: Math.max(0, slots.unavailable - tally.stuck.aside),
    halt: tally.stuck.haltOf(self.namespace),
    meanMs: tally.standing.meanMs(),
    room: roomFor(self, tally),
    contents: Object.fromEntries(
      contents.map((content) => {
        const name = isClassContent(content) ? content : nameOf(content);
        const fact = tally.contents.factFor(name, self.key);
        return [content, name === content ? fact : { ...fact, name }];
      }),
    ),
  };
}
