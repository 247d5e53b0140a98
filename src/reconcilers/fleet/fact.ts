import type { FleetFact } from '../workspace/decide/facts.ts';
import type { FleetEntry } from './entry.ts';
import type { ClassTally } from './tally.ts';

/** What a class comes to for one of its Workspaces, itself left out. */
export function factOf(self: FleetEntry, tally: ClassTally, contents: readonly string[]): FleetFact {
  const known = tally.entries.get(self.uid);
  return {
    ...tally.slots.factFor(self, known),
    meanMs: tally.standing.meanMs(),
    room: tally.room.factFor(self, known),
    contents: Object.fromEntries(contents.map((name) => [name, tally.contents.factFor(name, self.key)])),
  };
}
