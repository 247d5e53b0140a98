import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { RoomFact } from '../../workspace/decide/facts/roomFacts.ts';
import { createFront, type Front } from '../lines/front.ts';
import type { Place } from '../lines/line.ts';
import type { FleetEntry } from '../member/entry.ts';

/** The fields of a Workspace that a class's room needs: one of the class, or one that comes or has left. */
export type Occupant = Pick<
  FleetEntry,
  'uid' | 'key' | 'namespace' | 'createdOrder' | 'occupies' | 'wantsRoom'
>;

/** How many of a class take up room, in all and by namespace, and who would if there were some. */
export interface Room {
  move(before: Occupant | undefined, now: Occupant | undefined): void;
  /** Returns the keys that newly have room: the oldest whose namespaces have some, as many as fit. */
  settle(klass: WorkspaceClass | undefined): string[];
  /** @param known the part of `self` that is counted already */
  factFor(self: Occupant, known: Occupant | undefined): RoomFact;
}

interface NamespaceRoom {
  occupied: number;
  /** By creation; the first of them still fit into the namespace. */
  line: Front;
}

export function createRoom(): Room {
  const namespaces = new Map<string, NamespaceRoom>();
  let occupied = 0;
  /** Those of all namespaces that fit into theirs, by creation: no other one waits for one that does not fit. */
  const fitting = createFront();
  /** Namespaces in which something moved since it was settled. */
  const moved = new Set<string>();
  let mostInNamespace = 0;

  function of(name: string): NamespaceRoom {
    const known = namespaces.get(name);
    if (known) return known;
    const made = { occupied: 0, line: createFront() };
    namespaces.set(name, made);
    return made;
  }

  function count(entry: Occupant | undefined, by: 1 | -1): void {
    if (!entry?.occupies) return;
    occupied += by;
    of(entry.namespace).occupied += by;
    moved.add(entry.namespace);
  }

  function leave(entry: Occupant | undefined, place: Place | undefined): void {
    if (!entry || !place) return;
    of(entry.namespace).line.move(place, undefined);
    fitting.move(place, undefined);
    moved.add(entry.namespace);
  }

  function settleNamespace(name: string): void {
    const { occupied: there, line } = of(name);
    const { admitted, dropped } = line.settle(Math.max(0, mostInNamespace - there));
    for (const place of dropped) fitting.move(place, undefined);
    for (const place of admitted) fitting.move(undefined, place);
    if (there === 0 && line.length === 0) namespaces.delete(name);
  }

  return {
    move(before, now) {
      count(before, -1);
      count(now, 1);
      const [from, to] = [placeOf(before), placeOf(now)];
      if (before?.namespace === now?.namespace && from?.order === to?.order) return;
      leave(before, from);
      if (!now || !to) return;
      of(now.namespace).line.move(undefined, to);
      moved.add(now.namespace);
    },
    settle(klass) {
      const { maxInstances = Infinity, maxInstancesPerNamespace = Infinity } = klass?.spec ?? {};
      const most = klass ? maxInstancesPerNamespace : 0;
      const changed = most === mostInNamespace ? [...moved] : [...namespaces.keys()];
      mostInNamespace = most;
      moved.clear();
      for (const name of changed) settleNamespace(name);
      const free = klass ? maxInstances - occupied : 0;
      return fitting.settle(free).admitted.map(({ key }) => key);
    },
    factFor(self, known) {
      const own = known?.occupies ? 1 : 0;
      const namespace = namespaces.get(self.namespace);
      return {
        taken: occupied - own,
        ahead: fitting.ahead(self.createdOrder),
        takenInNamespace: (namespace?.occupied ?? 0) - own,
        aheadInNamespace: namespace?.line.ahead(self.createdOrder) ?? 0,
      };
    },
  };
}

function placeOf(entry: Occupant | undefined): Place | undefined {
  return entry?.wantsRoom ? { order: entry.createdOrder, key: entry.key } : undefined;
}
