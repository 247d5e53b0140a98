/** Where a key stands; the order must name one key, and the least comes first. */
export interface Place {
  order: string;
  key: string;
}

/** Keys in the order of their ranks, kept sorted as they come and go, so that the next one and a key's place cost no walk over all. */
export interface Line {
  add(place: Place): void;
  remove(place: Place): void;
  /** How many stand before this order, whether or not a key stands there. */
  ahead(order: string): number;
  first(): Place | undefined;
  last(): Place | undefined;
  /** The first `count` keys. */
  keys(count: number): string[];
  readonly length: number;
}

/** A run is split in two when it grows beyond this: adding moves few places, and counting walks over few runs. */
const LONGEST_RUN = 256;

/** A list of sorted runs, as Python's sortedcontainers has it: at these sizes shorter work than any tree. */
export function createLine(): Line {
  const runs: Place[][] = [];
  let length = 0;

  /** The run that holds this order, or would; the last one for what comes after all. */
  function runFor(order: string): number {
    let [low, high] = [0, runs.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((runs[middle]?.at(-1)?.order ?? '') < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    add(place) {
      const index = runFor(place.order);
      const run = runs[index];
      length += 1;
      if (!run) {
        runs.push([place]);
        return;
      }
      run.splice(placeIn(run, place.order), 0, place);
      if (run.length > LONGEST_RUN) runs.splice(index + 1, 0, run.splice(run.length >>> 1));
    },
    remove({ order, key }) {
      const index = runFor(order);
      const run = runs[index] ?? [];
      const at = placeIn(run, order);
      if (run[at]?.order !== order || run[at].key !== key) return;
      run.splice(at, 1);
      length -= 1;
      if (run.length === 0) runs.splice(index, 1);
    },
    ahead(order) {
      const index = runFor(order);
      let count = placeIn(runs[index] ?? [], order);
      for (let before = 0; before < index; before += 1) count += runs[before]?.length ?? 0;
      return count;
    },
    first: () => runs[0]?.[0],
    last: () => runs.at(-1)?.at(-1),
    keys(count) {
      const keys: string[] = [];
      for (const run of runs) {
        for (const { key } of run) {
          if (keys.length >= count) return keys;
          keys.push(key);
        }
      }
      return keys;
    },
    get length() {
      return length;
    },
  };
}

function placeIn(run: readonly Place[], order: string): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((run[middle]?.order ?? '') < order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As many as the latest moment that a Date can hold has. */
const DIGITS = 16;

/** An order that sorts by the moment, wall ms, and then by the key. */
export function momentOf(at: number, key: string): string {
  return `${String(Math.max(0, Math.ceil(at))).padStart(DIGITS, '0')} ${key}`;
}

/** The moment of an order that `momentOf` made, wall ms. */
export function readMoment({ order }: Pick<Place, 'order'>): number {
  return Number(order.slice(0, DIGITS));
}
