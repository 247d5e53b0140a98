/** Keys in the order of their ranks, kept so as they come and go: who is next and who is how far back cost no walk over all. */
export interface Line {
  add(order: string, key: string): void;
  remove(order: string, key: string): void;
  /** How many stand before this place, whether or not somebody stands there. */
  ahead(order: string): number;
  first(count: number): string[];
  readonly length: number;
}

/** Two with the same order stand as their keys sort, if these are part of it; the order must name one key. */
export function createLine(): Line {
  const orders: string[] = [];
  const keys: string[] = [];

  function place(order: string): number {
    let [low, high] = [0, orders.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((orders[middle] ?? '') < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(order, key) {
      const at = place(order);
      orders.splice(at, 0, order);
      keys.splice(at, 0, key);
    },
    remove(order, key) {
      const at = place(order);
      if (orders[at] !== order || keys[at] !== key) return;
      orders.splice(at, 1);
      keys.splice(at, 1);
    },
    ahead: place,
    first: (count) => keys.slice(0, Math.max(0, count)),
    get length() {
      return orders.length;
    },
  };
}
