/** A change of one row. */
export interface Change {
  key: string;
  /** What is left of a row that is gone, as JSON. */
  gone?: string;
}

/**
 * The last changes, by number. A reader holds the number up to which it has read, and nothing else; one that falls further
 * behind than `most` has to begin again.
 */
export interface Changes {
  /** The number of the latest change; 0 before the first. */
  latest(): number;
  add(change: Change): number;
  /** The change with this number; undefined where the row has changed again since, or the change is not kept or not there yet. */
  at(number: number): Change | undefined;
  /** Whether this number was reached, and every change after it is still kept. */
  reaches(number: number): boolean;
}

export function createChanges(most: number): Changes {
  const ring: Change[] = [];
  /** The number of each row's latest change, while that is kept. */
  const latestOf = new Map<string, number>();
  let latest = 0;
  const slot = (number: number) => (number - 1) % most;
  const reaches = (number: number) => number <= latest && number >= Math.max(0, latest - most);
  return {
    latest: () => latest,
    add(change) {
      const dropped = ring[slot(latest + 1)];
      if (dropped && latestOf.get(dropped.key) === latest + 1 - most) latestOf.delete(dropped.key);
      latest += 1;
      ring[slot(latest)] = change;
      latestOf.set(change.key, latest);
      return latest;
    },
    at(number) {
      const change = number <= latest && reaches(number - 1) ? ring[slot(number)] : undefined;
      return change && latestOf.get(change.key) === number ? change : undefined;
    },
    reaches,
  };
}
