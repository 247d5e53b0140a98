import { freeze, metaOf } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

export interface Change {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** For DELETED: the last state, under the revision of the deletion. */
  object: JsonObject;
  previous?: JsonObject;
}

export interface StoreListener {
  change(change: Change): void;
  /** The whole state was replaced: nothing known before holds. */
  reset(): void;
}

/** Everything that outlives the process. */
export interface Dump {
  revision: number;
  objects: Record<string, Record<string, JsonObject>>;
}

/** The asked revision is older than what history reaches back to. */
export class CompactedError extends Error {}

/**
 * What etcd is to a real API server: objects under one revision counter, with a history that lists at an older
 * revision and watches can be served from, until it is compacted.
 */
export interface Store {
  revision(): number;
  /** History reaches back to this revision. */
  compacted(): number;
  get(storage: string, key: string): JsonObject | undefined;
  /** In key order, as of a revision (default: now). Throws CompactedError. */
  list(storage: string, revision?: number): [key: string, object: JsonObject][];
  /** Takes ownership of the object, stamps its resourceVersion and freezes it. */
  put(storage: string, key: string, object: JsonObject): JsonObject;
  remove(storage: string, key: string): JsonObject | undefined;
  /** Throws CompactedError. */
  changesAfter(storage: string, revision: number): Change[];
  subscribe(storage: string, listener: StoreListener): () => void;
  /** Called after each change of anything. */
  onCommit(listener: () => void): () => void;
  /** Forgets the history up to a revision (default: all of it). */
  compact(revision?: number): void;
  dump(): Dump;
  /** Replaces the state, as a restored etcd backup does: revisions may go back. */
  load(dump: Dump): void;
}

interface Collection {
  objects: Map<string, JsonObject>;
  history: Change[];
  listeners: Set<StoreListener>;
}

export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** @param historyLimit changes kept for each kind of object; older ones are compacted away */
export function createStore(historyLimit = 20_000): Store {
  const collections = new Map<string, Collection>();
  const commitListeners = new Set<() => void>();
  let revision = 1;
  let compacted = 1;

  const collection = (storage: string): Collection => {
    let found = collections.get(storage);
    if (found === undefined) {
      found = { objects: new Map(), history: [], listeners: new Set() };
      collections.set(storage, found);
    }
    return found;
  };
  const compact = (upTo: number): void => {
    compacted = Math.max(compacted, Math.min(upTo, revision));
    for (const { history } of collections.values()) {
      const kept = history.findIndex((change) => change.revision > compacted);
      history.splice(0, kept === -1 ? history.length : kept);
    }
  };
  const stamp = (object: JsonObject): JsonObject => {
    revision += 1;
    return freeze({ ...object, metadata: { ...metaOf(object), resourceVersion: String(revision) } });
  };
  const commit = (at: Collection, change: Change): void => {
    at.history.push(change);
    // Trimmed in bulk: one at a time would shift the whole array on every write.
    if (at.history.length > historyLimit * 1.2) {
      compact(at.history[at.history.length - historyLimit - 1]?.revision ?? revision);
    }
    for (const listener of [...at.listeners]) listener.change(change);
    for (const listener of [...commitListeners]) listener();
  };
  const changesAfter = (storage: string, after: number): Change[] => {
    if (after < compacted)
      throw new CompactedError(`revision ${after} has been compacted; oldest is ${compacted}`);
    const { history } = collection(storage);
    let low = 0;
    let high = history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((history[middle]?.revision ?? 0) > after) high = middle;
      else low = middle + 1;
    }
    return history.slice(low);
  };

  return {
    revision: () => revision,
    compacted: () => compacted,
    get: (storage, key) => collection(storage).objects.get(key),
    list(storage, at = revision) {
      const objects = new Map(collection(storage).objects);
      // An older state is the present one with what came after undone, newest first.
      for (const change of at < revision ? changesAfter(storage, at).reverse() : []) {
        const meta = metaOf(change.object);
        const key = objectKey(String(meta.namespace ?? ''), String(meta.name));
        if (change.previous === undefined) objects.delete(key);
        else objects.set(key, change.previous);
      }
      return [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
    },
    put(storage, key, object) {
      const at = collection(storage);
      const previous = at.objects.get(key);
      const stored = stamp(object);
      at.objects.set(key, stored);
      const type = previous === undefined ? 'ADDED' : 'MODIFIED';
      commit(at, { revision, type, object: stored, ...(previous === undefined ? {} : { previous }) });
      return stored;
    },
    remove(storage, key) {
      const at = collection(storage);
      const previous = at.objects.get(key);
      if (previous === undefined) return undefined;
      at.objects.delete(key);
      const object = stamp(previous);
      commit(at, { revision, type: 'DELETED', object, previous });
      return object;
    },
    changesAfter,
    subscribe(storage, listener) {
      const { listeners } = collection(storage);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onCommit(listener) {
      commitListeners.add(listener);
      return () => commitListeners.delete(listener);
    },
    compact: (upTo = revision) => compact(upTo),
    dump() {
      const entries = [...collections].map(
        ([storage, { objects }]) => [storage, Object.fromEntries(objects)] as const,
      );
      return { revision, objects: Object.fromEntries(entries) };
    },
    load(dump) {
      revision = dump.revision;
      compacted = dump.revision;
      const touched = new Set([...collections.keys(), ...Object.keys(dump.objects)]);
      for (const storage of touched) {
        const at = collection(storage);
        at.history.length = 0;
        at.objects = new Map(
          Object.entries(dump.objects[storage] ?? {}).map(([key, object]) => [key, freeze(object)]),
        );
      }
      for (const storage of touched)
        for (const listener of [...collection(storage).listeners]) listener.reset();
      for (const listener of [...commitListeners]) listener();
    },
  };
}
