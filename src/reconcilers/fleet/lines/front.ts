import { createLine, type Place } from './line.ts';

/**
 * A line whose first `count` may go. It reports each one once, when it comes within that count, however often
 * anything changes: reporting all of them at each change is quadratic over a roll-out.
 */
export interface Front {
  /** Moves one from its place before to its place now; the same place is no move. */
  move(before: Place | undefined, now: Place | undefined): void;
  /** Lets the first `count` go; returns those that newly may, and those that no longer may. */
  settle(count: number): { admitted: Place[]; dropped: Place[] };
  ahead(order: string): number;
  readonly length: number;
}

export function createFront(): Front {
  /** Those that were admitted all stand before those that were not, except for those that moved since the last `settle`. */
  const reported = createLine();
  const rest = createLine();

  function isOutOfOrder(): boolean {
    const [next, last] = [rest.first(), reported.last()];
    return next !== undefined && last !== undefined && next.order < last.order;
  }

  return {
    move(before, now) {
      if (before && now && before.order === now.order && before.key === now.key) return;
      if (before) {
        reported.remove(before);
        rest.remove(before);
      }
      if (now) rest.add(now);
    },
    settle(count) {
      const admitted = new Set<Place>();
      const dropped: Place[] = [];
      while (count > 0 && (reported.length < count || isOutOfOrder())) {
        const next = rest.first();
        if (!next) break;
        rest.remove(next);
        reported.add(next);
        admitted.add(next);
      }
      while (reported.length > count) {
        const last = reported.last();
        if (!last) break;
        reported.remove(last);
        rest.add(last);
        if (!admitted.delete(last)) dropped.push(last);
      }
      return { admitted: [...admitted], dropped };
    },
    ahead: (order) => reported.ahead(order) + rest.ahead(order),
    get length() {
      return reported.length + rest.length;
    },
  };
}
