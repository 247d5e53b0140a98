import { earliest, latest, type MonoMs, msBetween } from '../../controller/lib/time.ts';
import {
  type ImpairedCheck,
  type Instance,
  type InstanceState,
  type ObservedInstance,
  TAG,
} from '../calls/port.ts';

/** Workspaces (uids) whose picture changed. */
export type Changes = ReadonlySet<string>;

type NotFound = NonNullable<ObservedInstance['notFound']>;

/**
 * All instances that this process knows, each as the newest reading showed it. Readings may come in any order;
 * the result is as if they had come in the order in which they were begun.
 */
export interface Inventory {
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
  notFound(id: string): NotFound | undefined;
  ofWorkspace(uid: string): readonly ObservedInstance[];
  all(): readonly ObservedInstance[];
}

/** The known facts of one id; an id that no answer ever showed has no `reading`. */
interface Known {
  reading?: Instance & { readAt: MonoMs };
  /** Begin of the newest read that showed it, and of the newest that should have and did not. */
  seenAt?: MonoMs;
  lackedAt?: MonoMs;
  notFound?: NotFound | undefined;
  impaired?: ObservedInstance['impaired'] | undefined;
  view?: ObservedInstance;
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
 */
export function createInventory(followers: (id: string) => Iterable<string>, gapMs: number): Inventory {
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
      reading !== undefined && (begunAt < reading.readAt || ENDING[instance.state] < ENDING[reading.state]);
    if (!stale) entry.reading = { ...instance, readAt: begunAt };
    // Checks begin again with the next start.
    if (entry.reading?.state !== 'running') entry.impaired = undefined;
    publish(instance.id, entry, settled ? notFound : undefined, changed);
  }

  function lack(id: string, begunAt: MonoMs, lookedUp: boolean, changed: Set<string>): void {
    const entry = known(id);
    if (entry.seenAt !== undefined && entry.seenAt >= begunAt) return;
    entry.lackedAt = latest(begunAt, entry.lackedAt);
    let { notFound } = entry;
    // EC2 drops what terminated after about an hour; there is nothing left to prove about it.
    if (lookedUp && entry.reading?.state !== 'terminated') {
      const earlier = notFound && msBetween(notFound.lastAt, begunAt) <= gapMs ? notFound : undefined;
      notFound = {
        firstAt: earliest(begunAt, earlier?.firstAt),
        lastAt: latest(begunAt, earlier?.lastAt),
      };
    }
    publish(id, entry, notFound, changed);
  }

  function publish(id: string, entry: Known, notFound: NotFound | undefined, changed: Set<string>): void {
    const before = entry.view;
    const absenceChanged = (entry.notFound === undefined) !== (notFound === undefined);
    entry.notFound = notFound;
    if (entry.reading) {
      const missing = isLacking(entry);
      const { reading, impaired } = entry;
      entry.view = Object.freeze({
        ...reading,
        missing,
        ...(notFound ? { notFound } : {}),
        ...(impaired ? { impaired } : {}),
      });
    }
    if (!absenceChanged && sameToReaders(before, entry.view)) return;
    reindex(id, before, entry.view);
    tell(id, before, entry.view, changed);
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

  function tell(
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
      if (!before || ENDING[instance.state] > ENDING[before.state]) sight(instance, now, changed);
      return changed;
    },

    applyImpaired(kinds, begunAt) {
      const changed = new Set<string>();
      for (const [id, entry] of byID) {
        const kind = entry.reading?.state === 'running' ? kinds?.get(id) : undefined;
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
        tell(id, entry.view, undefined, changed);
      }
      return changed;
    },

    clear() {
      const changed = new Set<string>();
      const known = [...byID];
      byID.clear();
      byWorkspace.clear();
      for (const [id, { view }] of known) tell(id, view, undefined, changed);
      return changed;
    },

    get: (id) => byID.get(id)?.view,
    notFound: (id) => byID.get(id)?.notFound,
    ofWorkspace: (uid) => views(byWorkspace.get(uid) ?? []),
    all: () => views(byID.keys()),
  };
}

/** Whether the newest read that should have shown it did not. */
function isLacking({ lackedAt, seenAt }: Known): boolean {
  return lackedAt !== undefined && (seenAt === undefined || lackedAt > seenAt);
}

function uidOf(instance: Instance | undefined): string | undefined {
  return instance?.tags[TAG.uid];
}

type Timeless = Omit<ObservedInstance, 'readAt' | 'notFound'>;

const same = (a: unknown, b: unknown) => a === b;

/**
 * How each fact of an instance compares. A field that is missing here does not compile, because its change would wake no reader.
 * The times of readings go on while nothing changes; publish() compares whether there is a NotFound.
 */
const SAME: { readonly [K in keyof Required<Timeless>]: (a: Timeless[K], b: Timeless[K]) => boolean } = {
  id: same,
  state: same,
  missing: same,
  impaired: (a, b) => a?.kind === b?.kind && a?.since === b?.since,
  type: same,
  zone: same,
  imageID: same,
  capacityType: same,
  subnetID: same,
  securityGroupIDs: sameMembers,
  instanceProfile: same,
  privateIP: same,
  clientToken: same,
  launchTime: same,
  stateReasonCode: same,
  stateReason: same,
  tags: sameTags,
};
const COMPARED = Object.keys(SAME) as (keyof typeof SAME)[];

/** Whether a reader would decide alike: the times of readings alone are no change. */
function sameToReaders(a: ObservedInstance | undefined, b: ObservedInstance | undefined): boolean {
  if (!a || !b) return a === b;
  return COMPARED.every((field) => isSame(field, a, b));
}

function isSame<K extends keyof typeof SAME>(field: K, a: ObservedInstance, b: ObservedInstance): boolean {
  return SAME[field](a[field], b[field]);
}

/** EC2 lists groups in no order that it promises. */
function sameMembers(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((it) => b.includes(it));
}

function sameTags(a: Instance['tags'], b: Instance['tags']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
