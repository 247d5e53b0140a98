import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { FleetFact } from '../../workspace/decide/facts/facts.ts';
import { maxUnavailable } from '../../workspace/decide/replace/rollout.ts';
import { createFront } from '../lines/front.ts';
import type { Place } from '../lines/line.ts';
import type { FleetEntry } from '../member/entry.ts';
import type { Guest } from './guests.ts';
import type { StuckSums } from './stuck.ts';

/** How many of a class may be down for a roll-out, how many are, and which ones wait for a slot. */
export interface Slots {
  /** Of those that count for the budget: all, and those that don't serve. */
  readonly counted: number;
  readonly unavailable: number;
  move(before: FleetEntry | undefined, now: FleetEntry | undefined): void;
  moveGuest(before: Guest | undefined, now: Guest | undefined): void;
  /** Returns the keys that newly may take a slot. */
  settle(klass: WorkspaceClass | undefined, stuck: Pick<StuckSums, 'aside' | 'isRefused'>): string[];
  /** @param known the part of `self` that is counted already */
  factFor(
    self: FleetEntry,
    known: FleetEntry | undefined,
  ): Pick<FleetFact, 'counted' | 'unavailable' | 'waiting' | 'ahead'>;
}

export function createSlots(): Slots {
  let counted = 0;
  let unavailable = 0;
  /** The oldest launch first. */
  const queue = createFront();

  return {
    get counted() {
      return counted;
    },
    get unavailable() {
      return unavailable;
    },
    move(before, now) {
      counted += Number(now?.counts ?? false) - Number(before?.counts ?? false);
      unavailable += Number(isDown(now)) - Number(isDown(before));
      queue.move(placeOf(before), placeOf(now));
    },
    moveGuest(before, now) {
      const by = Number(now?.isTakenDown ?? false) - Number(before?.isTakenDown ?? false);
      counted += by;
      unavailable += by;
    },
    settle(klass, { aside, isRefused }) {
      const free = klass && !isRefused ? maxUnavailable(klass.spec, counted) - unavailable + aside : 0;
      return queue.settle(free).admitted.map(({ key }) => key);
    },
    factFor: (self, known) => ({
      counted,
      unavailable: unavailable - Number(isDown(known)),
      waiting: queue.length - (placeOf(known) ? 1 : 0),
      ahead: queue.ahead(self.launchOrder),
    }),
  };
}

function isDown(entry: FleetEntry | undefined): boolean {
  return entry?.counts === true && !entry.available;
}

function placeOf(entry: FleetEntry | undefined): Place | undefined {
  return entry?.waits === 'RolloutQueued' ? { order: entry.launchOrder, key: entry.key } : undefined;
}
