import type { WorkspaceClass } from '../../api/workspaceClass.ts';
import { type Contents, createContents } from './contents.ts';
import type { FleetEntry } from './entry.ts';
import { createRoom, type Room } from './room.ts';
import { createSlots, type Slots } from './slots.ts';
import { createStanding, type Standing } from './standing.ts';

/** The sums over one class's Workspaces, kept as they change: what one change costs does not grow with how many there are. */
export interface ClassTally {
  readonly entries: ReadonlyMap<string, FleetEntry>;
  readonly slots: Slots;
  readonly room: Room;
  readonly contents: Contents;
  readonly standing: Standing;
  put(entry: FleetEntry): void;
  drop(uid: string): void;
  /** To be called after each change of an entry or of the class. Returns who should look, as there newly is a place for them. */
  settle(klass: WorkspaceClass | undefined): string[];
}

export function createTally(): ClassTally {
  const entries = new Map<string, FleetEntry>();
  const slots = createSlots();
  const room = createRoom();
  const contents = createContents();
  const standing = createStanding();

  function move(before: FleetEntry | undefined, now: FleetEntry | undefined): void {
    for (const sums of [slots, room, contents, standing]) sums.move(before, now);
  }

  return {
    entries,
    slots,
    room,
    contents,
    standing,
    put(entry) {
      move(entries.get(entry.uid), entry);
      entries.set(entry.uid, entry);
    },
    drop(uid) {
      move(entries.get(uid), undefined);
      entries.delete(uid);
    },
    settle: (klass) => [
      ...new Set([...slots.settle(klass), ...room.settle(klass), ...contents.settle(klass)]),
    ],
  };
}
