import { earliest, latest, type MonoMs, msBetween } from '../../controller/lib/time.ts';
import {
  type ImpairedCheck,
  type Instance,
  type InstanceState,
  type ObservedInstance,
  TAG,
} from '../calls/port.ts';
import { sameReading, sameToReaders } from './sameInstance.ts';

/** Workspaces (uids) whose picture changed. */
export type Changes = ReadonlySet<string>;

type NotFound = NonNullable<ObservedInstance['notFound']>;

/**
 * All instances that this process knows, each as the newest reading showed it. Readings may come in any order;
 * the result is as if they had come in the order in which they were begun.
 */
export interface Inventory {
  /**
   * The reading held, where it shows the same; otherwise what was given. A sweep of 10,000 that keeps its own copies until it is
   * whole costs 15 MB that live just long enough to be moved to the old generation.
   */
  held(instance: Instance): Instance;
  /** A whole sweep: all or nothing of it is taken. `judgedElsewhere`: ids whose absence from it proves nothing. */
  applySweep(items: readonly Instance[], begunAt: MonoMs, judgedElsewhere: ReadonlySet<string>): Changes;
  /** Complete look-ups of these ids. */
  applyLookup(ids: readonly string[], items: readonly Instance[], begunAt: MonoMs): Changes;
  /** An effect's answer, which is about some moment before `now`: it can add and advance, never take back. */
  note(instance: Instance, now: MonoMs): Changes;
  /** A whole reading of failing status checks: all or nothing of it is taken. Undefined: EC2 has not answered for so long that no check is known. */
  applyImpaired(kinds: ReadonlyMap<string, ImpairedCheck> | undefined, begunAt: MonoMs): Changes;
  /** Forgets instances that are absent, were last seen before `before` and have no follower. */
  forget(before: MonoMs): Changes;
  /** Forgets everything. */
  clear(): Changes;
  get(id: string): ObservedInstance | undefined;
  /** Whether any reading has shown it, or lacked it. */
  has(id: string): boolean;
  notFound(id: string): NotFound | undefined;
  ofWorkspace(uid: string): readonly ObservedInstance[];
  all(): readonly ObservedInstance[];
}

/** The known facts of one id; an id that no answer ever showed has no `reading`. */
interface Known {
  reading?: Reading;
  /** Begin of the newest read that showed it, and of the newest that should have and did not. */
  seenAt?: MonoMs;
  lackedAt?: MonoMs;
  notFound?: NotFound | undefined;
  impaired?: ObservedInstance['impaired'] | undefined;
  view?: ObservedInstance;
  /** What the view was made from. */
  viewed?: Reading;
}

interface Reading {
  of: Instance;
  /** When the newest one that showed this was begun. */
  at: MonoMs;
}

/** How far towards its end a state is. An instance that ended or is ending never comes back, though EC2's replicas may show an earlier state. */
const ENDING: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 0,
  stopping: 0,
  stopped: 0,
  'shutting-down': 1,
  terminated: 2,
};

/**
 * `followers` names the Workspaces that asked for an id, with any tags.
 * `gapMs`: two NotFounds further apart don't prove one absence, since no look-up came in between.
 * `onState`: an instance that was known is shown in another state.
 */
export function createInventory(
  followers: (id: string) => Iterable<string>,
  gapMs: number,
  onState: (id: string, from: InstanceState, to: InstanceState) => void = () => undefined,
): Inventory {
  const byID = new Map<string, Known>();
  const byWorkspace = new Map<string, Set<string>>();

  function known(id: string): Known {
    const found = byID.get(id) ?? {};
    byID.set(id, found);
    return found;
  }

  function sight(instance: Instance, begunAt: MonoMs, changed: Set<string>): void {
    const entry = known(instance.id);
    const { reading, notFound } = entry;
    entry.seenAt = latest(begunAt, entry.seenAt);
    // A sighting begun after the first NotFound lies between the two or after both: they prove nothing any more.
    const settled = notFound !== undefined && begunAt < notFound.firstAt;
    const stale =
      reading !== undefined && (begunAt < reading.at || ENDING[instance.state] < ENDING[reading.of.state]);
    if (!stale && reading?.of === instance) reading.at = begunAt;
    else if (!stale) {
      entry.reading = { of: instance, at: begunAt };
      if (reading && reading.of.state !== instance.state)
        onState(instance.id, reading.of.state, instance.state);
    }
    // Checks begin again with the next start.
    if (entry.reading?.of.state !== 'running') entry.impaired = undefined;
    publish(instance.id, entry, settled ? notFound : undefined, changed);
  }

  function lack(id: string, begunAt: MonoMs, lookedUp: boolean, changed: Set<string>): void {
    const entry = known(id);
    if (entry.seenAt !== undefined && entry.seenAt >= begunAt) return;
    entry.lackedAt = latest(begunAt, entry.lackedAt);
    let { notFound } = entry;
    // EC2 drops what terminated after about an hour; there is nothing left to prove about it.
    if (lookedUp && entry.reading?.of.state !== 'terminated') {
      const earlier = notFound && msBetween(notFound.lastAt, begunAt) <= gapMs ? notFound : undefined;
      notFound = {
        firstAt: earliest(begunAt, earlier?.firstAt),
        lastAt: latest(begunAt, earlier?.lastAt),
      };
    }
    publish(id, entry, notFound, changed);
  }

  function publish(id: string, entry: Known, notFound: NotFound | undefined, changed: Set<string>): void {
    if (isShown(entry, notFound)) return;
    const before = entry.view;
    const absenceChanged = (entry.notFound === undefined) !== (notFound === undefined);
    entry.notFound = notFound;
    if (entry.reading) {
      const missing = isLacking(entry);
      const { reading, impaired } = entry;
      entry.viewed = reading;
      entry.view = Object.freeze({
        ...reading.of,
        missing,
        ...(notFound ? { notFound } : {}),
        ...(impaired ? { impaired } : {}),
      });
    }
    if (!absenceChanged && sameToReaders(before, entry.view)) return;
    reindex(id, before, entry.view);
    addReaders(id, before, entry.view, changed);
  }

  function reindex(
    id: string,
    before: ObservedInstance | undefined,
    after: ObservedInstance | undefined,
  ): void {
    const [from, to] = [uidOf(before), uidOf(after)];
    if (from !== undefined && from !== to) {
      const ids = byWorkspace.get(from);
      ids?.delete(id);
      if (ids?.size === 0) byWorkspace.delete(from);
    }
    if (to !== undefined) byWorkspace.set(to, (byWorkspace.get(to) ?? new Set()).add(id));
  }

  function addReaders(
    id: string,
    before: ObservedInstance | undefined,
    after: ObservedInstance | undefined,
    changed: Set<string>,
  ): void {
    for (const uid of [uidOf(before), uidOf(after), ...followers(id)]) {
      if (uid !== undefined) changed.add(uid);
    }
  }

  function isFollowed(id: string): boolean {
    for (const _uid of followers(id)) return true;
    return false;
  }

  function views(ids: Iterable<string>): ObservedInstance[] {
    return [...ids].flatMap((id) => byID.get(id)?.view ?? []);
  }

  return {
    held(instance) {
      const reading = byID.get(instance.id)?.reading?.of;
      return reading && sameReading(reading, instance) ? reading : instance;
    },

    applySweep(items, begunAt, judgedElsewhere) {
      const changed = new Set<string>();
      for (const item of items) sight(item, begunAt, changed);
      for (const [id, { reading }] of byID) {
        if (reading && !judgedElsewhere.has(id)) lack(id, begunAt, false, changed);
      }
      return changed;
    },

    applyLookup(ids, items, begunAt) {
      const changed = new Set<string>();
      for (const item of items) sight(item, begunAt, changed);
      for (const id of ids) lack(id, begunAt, true, changed);
      return changed;
    },

    note(instance, now) {
      const changed = new Set<string>();
      const before = byID.get(instance.id)?.reading;
      if (!before || ENDING[instance.state] > ENDING[before.of.state]) sight(instance, now, changed);
      return changed;
    },

    applyImpaired(kinds, begunAt) {
      const changed = new Set<string>();
      for (const [id, entry] of byID) {
        const kind = entry.reading?.of.state === 'running' ? kinds?.get(id) : undefined;
        if (kind === entry.impaired?.kind) continue;
        entry.impaired = kind && { kind, since: entry.impaired?.since ?? begunAt };
        publish(id, entry, entry.notFound, changed);
      }
      return changed;
    },

    forget(before) {
      const changed = new Set<string>();
      for (const [id, entry] of byID) {
        if (isFollowed(id) || !isLacking(entry) || (entry.seenAt !== undefined && entry.seenAt >= before))
          continue;
        byID.delete(id);
        if (!entry.view) continue;
        reindex(id, entry.view, undefined);
        addReaders(id, entry.view, undefined, changed);
      }
      return changed;
    },

    clear() {
      const changed = new Set<string>();
      const known = [...byID];
      byID.clear();
      byWorkspace.clear();
      for (const [id, { view }] of known) addReaders(id, view, undefined, changed);
      return changed;
    },

    get: (id) => byID.get(id)?.view,
    has: (id) => byID.has(id),
    notFound: (id) => byID.get(id)?.notFound,
    ofWorkspace: (uid) => views(byWorkspace.get(uid) ?? []),
    all: () => views(byID.keys()),
  };
}

/** Whether the newest read that should have shown it did not. */
function isLacking({ lackedAt, seenAt }: Known): boolean {
  return lackedAt !== undefined && (seenAt === undefined || lackedAt > seenAt);
}

/** Whether the view shows all of this already, so that none need be made: at each sweep nearly all do. */
function isShown(entry: Known, notFound: NotFound | undefined): boolean {
  const { view, viewed, reading, impaired } = entry;
  return (
    view !== undefined &&
    viewed === reading &&
    view.missing === isLacking(entry) &&
    view.notFound === notFound &&
    view.impaired === impaired
  );
}

function uidOf(instance: Instance | undefined): string | undefined {
  return instance?.tags[TAG.uid];
}
