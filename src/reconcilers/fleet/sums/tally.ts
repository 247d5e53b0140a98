import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { FleetEntry } from '../member/entry.ts';
import { type Contents, createContents } from './contents.ts';
import type { Guest } from './guests.ts';
import { createRoom, type Room } from './room.ts';
import { createSlots, type Slots } from './slots.ts';
import { createStanding, type Standing } from './standing.ts';
import { createStuck, type StuckSums } from './stuck.ts';

/** The sums over one class's Workspaces, kept as they change: the cost of one change does not grow with their number. */
export interface ClassTally {
  readonly entries: ReadonlyMap<string, FleetEntry>;
  /** Workspaces of other classes that take up room here, or would, or hold a slot. */
  readonly guests: ReadonlyMap<string, Guest>;
  readonly slots: Slots;
  readonly room: Room;
  readonly contents: Contents;
  readonly stuck: StuckSums;
  readonly standing: Standing;
  put(entry: FleetEntry): void;
  putGuest(guest: Guest): void;
  drop(uid: string): void;
  /** To be called after each change of an entry or of the class. Returns who should look, as there newly is a place for them. */
  settle(klass: WorkspaceClass | undefined): string[];
}

export function createTally(): ClassTally {
  const entries = new Map<string, FleetEntry>();
  const guests = new Map<string, Guest>();
  const slots = createSlots();
  const room = createRoom();
  const contents = createContents();
  const stuck = createStuck(contents.isShared);
  const standing = createStanding();

  function move(before: FleetEntry | undefined, now: FleetEntry | undefined): void {
    for (const sums of [slots, room, contents, stuck, standing]) sums.move(before, now);
  }

  return {
    entries,
    guests,
    slots,
    room,
    contents,
    stuck,
    standing,
    put(entry) {
      move(entries.get(entry.uid), entry);
      entries.set(entry.uid, entry);
    },
    putGuest(guest) {
      room.move(guests.get(guest.uid), guest);
      slots.moveGuest(guests.get(guest.uid), guest);
      guests.set(guest.uid, guest);
    },
    drop(uid) {
      room.move(guests.get(uid), undefined);
      slots.moveGuest(guests.get(uid), undefined);
      guests.delete(uid);
      move(entries.get(uid), undefined);
      entries.delete(uid);
    },
    settle(klass) {
      const { opened, rejudged } = contents.settle(klass);
      const released = stuck.settle(klass, rejudged);
      const mayGo = slots.settle(klass, stuck);
      return [...new Set([...mayGo, ...room.settle(klass), ...opened, ...released])];
    },
  };
}
