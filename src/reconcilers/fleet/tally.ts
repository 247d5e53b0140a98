import type { FleetEntry } from './entry.ts';
import { createLine, type Line } from './line.ts';

/** How many of a class have some content, try it, or failed with it. */
export interface ContentTally {
  proven: number;
  /** Who tries it, by key. */
  trying: Set<string>;
  failing: Map<string, NonNullable<FleetEntry['fails']>>;
  /** Whose change waits until one is Ready with it. */
  verifying: Set<string>;
}

/** The sums over one class's Workspaces, kept as they change: what one costs does not grow with how many there are. */
export interface ClassTally {
  readonly entries: ReadonlyMap<string, FleetEntry>;
  /** Of those that count for budgets: all, and those that don't serve. */
  counted: number;
  unavailable: number;
  occupied: number;
  readonly occupiedIn: Counter;
  /** Who would launch if there were room, by creation: of the whole class, and by namespace. */
  readonly room: Line;
  readonly roomIn: ReadonlyMap<string, Line>;
  /** Those of them that were told that there is none. */
  readonly turnedAway: Line;
  /** Who waits for a slot, the oldest launch first. */
  readonly queue: Line;
  readonly contents: ReadonlyMap<string, ContentTally>;
  /** Names of contents that somebody waits to see proven. */
  readonly awaited: ReadonlySet<string>;
  /** Sum and number of the durations of replacements that ended well, ms. */
  replacedMs: number;
  replaced: number;
  put(entry: FleetEntry): void;
  drop(uid: string): FleetEntry | undefined;
}

interface Counter {
  get(name: string): number;
  add(name: string, by: number): void;
}

function createCounter(): Counter {
  const counts = new Map<string, number>();
  return {
    get: (name) => counts.get(name) ?? 0,
    add(name, by) {
      const next = (counts.get(name) ?? 0) + by;
      if (next === 0) counts.delete(name);
      else counts.set(name, next);
    },
  };
}

export function createTally(): ClassTally {
  const entries = new Map<string, FleetEntry>();
  const contents = new Map<string, ContentTally>();
  const awaited = new Set<string>();
  const roomIn = new Map<string, Line>();

  function content(name: string): ContentTally {
    const known = contents.get(name);
    if (known) return known;
    const made = { proven: 0, trying: new Set<string>(), failing: new Map(), verifying: new Set<string>() };
    contents.set(name, made);
    return made;
  }

  function tidy(name: string): void {
    const it = contents.get(name);
    if (it?.verifying.size) awaited.add(name);
    else awaited.delete(name);
    if (it && it.proven + it.trying.size + it.failing.size + it.verifying.size === 0) contents.delete(name);
  }

  function countContents(entry: FleetEntry, sign: 1 | -1): void {
    const { key, proves, tries, lacks, fails, waits } = entry;
    for (const name of proves) content(name).proven += sign;
    for (const name of tries) mark(content(name).trying, key, sign);
    if (waits === 'RolloutVerifying') for (const name of lacks) mark(content(name).verifying, key, sign);
    if (fails && sign > 0) content(fails.content).failing.set(key, fails);
    if (fails && sign < 0) content(fails.content).failing.delete(key);
    for (const name of [...proves, ...tries, ...lacks, ...(fails ? [fails.content] : [])]) tidy(name);
  }

  function countRoom(entry: FleetEntry, sign: 1 | -1): void {
    const { key, namespace, createdOrder } = entry;
    if (entry.occupies) {
      tally.occupied += sign;
      tally.occupiedIn.add(namespace, sign);
    }
    if (!entry.wantsRoom) return;
    const line = roomIn.get(namespace) ?? createLine();
    const told = entry.reason === 'ClassLimitReached' ? [tally.turnedAway] : [];
    for (const it of [tally.room, line, ...told]) {
      if (sign > 0) it.add(createdOrder, key);
      else it.remove(createdOrder, key);
    }
    if (line.length > 0) roomIn.set(namespace, line);
    else roomIn.delete(namespace);
  }

  function count(entry: FleetEntry, sign: 1 | -1): void {
    if (entry.counts) {
      tally.counted += sign;
      if (!entry.available) tally.unavailable += sign;
    }
    countRoom(entry, sign);
    countContents(entry, sign);
    if (entry.waits === 'RolloutQueued') {
      if (sign > 0) tally.queue.add(entry.launchOrder, entry.key);
      else tally.queue.remove(entry.launchOrder, entry.key);
    }
    if (entry.replaced) {
      tally.replaced += sign;
      tally.replacedMs += sign * (entry.replaced.to - entry.replaced.from);
    }
  }

  const tally: ClassTally = {
    entries,
    counted: 0,
    unavailable: 0,
    occupied: 0,
    occupiedIn: createCounter(),
    room: createLine(),
    roomIn,
    turnedAway: createLine(),
    queue: createLine(),
    contents,
    awaited,
    replacedMs: 0,
    replaced: 0,
    put(entry) {
      tally.drop(entry.uid);
      entries.set(entry.uid, entry);
      count(entry, 1);
    },
    drop(uid) {
      const entry = entries.get(uid);
      if (!entry) return undefined;
      entries.delete(uid);
      count(entry, -1);
      return entry;
    },
  };
  return tally;
}

function mark(set: Set<string>, key: string, sign: 1 | -1): void {
  if (sign > 0) set.add(key);
  else set.delete(key);
}
