/** One that waits for a turn. */
export interface Place {
  /** Names it: one has at most one place in a line. */
  id: string;
  namespace: string;
  /** Sorts the places of one namespace; the first is served first. */
  order: string;
  /** It could use its turn now. A place that could not is passed over, and keeps its rank. */
  ready: boolean;
}

/**
 * A line that serves the namespaces in turn (round robin), and of each namespace the first in order. However many one
 * namespace has in line, each other one is served once a round.
 */
export interface FairLine<P extends Place> {
  /** Joins the line, or renews what is known of a place; its rank stays. */
  put(place: P): void;
  /** Leaves the line. */
  remove(id: string): void;
  get(id: string): P | undefined;
  /** The next ready place that may be served. */
  peek(may: (place: P) => boolean): P | undefined;
  /** Serves a place: it leaves the line, and its namespace goes to the end of the round. */
  serve(place: P): void;
  /** How many are served before this place, ready or not; exact while its turn is near, and more than `MOST_WALKED` beyond. */
  ahead(id: string): number;
  /** How many would be served before one that joined now as the last of its namespace, at most. */
  aheadOfNew(namespace: string): number;
  readonly length: number;
  readonly ready: number;
}

/** How many namespaces are read for one place's rank within a round. */
const MOST_WALKED = 256;

interface Row<P> {
  places: P[];
  ready: number;
}

export function createFairLine<P extends Place>(): FairLine<P> {
  const byID = new Map<string, P>();
  /** In the order in which they are served. */
  const round = new Map<string, Row<P>>();
  /** By depth: how many namespaces have more places than that. */
  const deeper: number[] = [];
  let ready = 0;

  function insert(place: P): void {
    const row = round.get(place.namespace) ?? { places: [], ready: 0 };
    round.set(place.namespace, row);
    deeper[row.places.length] = (deeper[row.places.length] ?? 0) + 1;
    row.places.splice(rankOf(row.places, place), 0, place);
    count(row, place, 1);
    byID.set(place.id, place);
  }

  function count(row: Row<P>, place: P, by: 1 | -1): void {
    if (!place.ready) return;
    row.ready += by;
    ready += by;
  }

  function remove(id: string): void {
    const place = byID.get(id);
    const row = place && round.get(place.namespace);
    if (!place || !row) return;
    byID.delete(id);
    row.places.splice(rankOf(row.places, place), 1);
    deeper[row.places.length] = (deeper[row.places.length] ?? 0) - 1;
    count(row, place, -1);
    if (row.places.length === 0) round.delete(place.namespace);
  }

  /** How many places the namespaces give up in this many rounds. */
  function servedIn(rounds: number): number {
    let sum = 0;
    for (let depth = 0; depth < rounds; depth += 1) sum += deeper[depth] ?? 0;
    return sum;
  }

  return {
    put(place) {
      const known = byID.get(place.id);
      const row = known && round.get(known.namespace);
      if (!known || !row || known.namespace !== place.namespace) {
        remove(place.id);
        insert(place);
        return;
      }
      row.places.splice(rankOf(row.places, known), 1);
      row.places.splice(rankOf(row.places, place), 0, place);
      count(row, known, -1);
      count(row, place, 1);
      byID.set(place.id, place);
    },
    remove,
    get: (id) => byID.get(id),
    peek(may) {
      if (ready === 0) return undefined;
      for (const row of round.values()) {
        const found = row.ready > 0 && row.places.find((place) => place.ready && may(place));
        if (found) return found;
      }
      return undefined;
    },
    serve(place) {
      const row = round.get(place.namespace);
      remove(place.id);
      if (!row || row.places.length === 0) return;
      round.delete(place.namespace);
      round.set(place.namespace, row);
    },
    ahead(id) {
      const place = byID.get(id);
      const own = place && round.get(place.namespace);
      if (!place || !own) return 0;
      const rounds = rankOf(own.places, place);
      const before = servedIn(rounds);
      let walked = 0;
      let inThisRound = 0;
      for (const row of round.values()) {
        if (row === own) return before + inThisRound;
        if (walked >= MOST_WALKED) break;
        walked += 1;
        if (row.places.length > rounds) inThisRound += 1;
      }
      return before + (deeper[rounds] ?? 1) - 1;
    },
    aheadOfNew(namespace) {
      const rounds = round.get(namespace)?.places.length ?? 0;
      return servedIn(rounds + 1);
    },
    get length() {
      return byID.size;
    },
    get ready() {
      return ready;
    },
  };
}

/** Where a place stands, or would stand, among those of its namespace. */
function rankOf(places: readonly Place[], { order, id }: Place): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = places[middle];
    if (other && (other.order < order || (other.order === order && other.id < id))) low = middle + 1;
    else high = middle;
  }
  return low;
}
