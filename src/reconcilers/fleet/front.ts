import { createLine, type Place } from './line.ts';

/**
 * A line of which the first so many may go. It tells of each one once, when that becomes true of it, however often
 * anything changes: telling the first ones at each change is quadratic over a roll-out.
 */
export interface Front {
  /** Moves one from its place before to its place now; the same place is no move. */
  move(before: Place | undefined, now: Place | undefined): void;
  /** The first `count` may go: who newly may, and who no more may. */
  settle(count: number): { admitted: Place[]; dropped: Place[] };
  ahead(order: string): number;
  readonly length: number;
}

export function createFront(): Front {
  /** Those who were told that they may go all stand before those who were not, but for what moved since it was settled. */
  const told = createLine();
  const rest = createLine();

  function isOutOfOrder(): boolean {
    const [next, last] = [rest.first(), told.last()];
    return next !== undefined && last !== undefined && next.order < last.order;
  }

  return {
    move(before, now) {
      if (before && now && before.order === now.order && before.key === now.key) return;
      if (before) {
        told.remove(before);
        rest.remove(before);
      }
      if (now) rest.add(now);
    },
    settle(count) {
      const admitted = new Set<Place>();
      const dropped: Place[] = [];
      while (count > 0 && (told.length < count || isOutOfOrder())) {
        const next = rest.first();
        if (!next) break;
        rest.remove(next);
        told.add(next);
        admitted.add(next);
      }
      while (told.length > count) {
        const last = told.last();
        if (!last) break;
        told.remove(last);
        rest.add(last);
        if (!admitted.delete(last)) dropped.push(last);
      }
      return { admitted: [...admitted], dropped };
    },
    ahead: (order) => told.ahead(order) + rest.ahead(order),
    get length() {
      return told.length + rest.length;
    },
  };
}
