import type { KubeObject } from '../client/client.ts';
import { freezeDeep } from './freeze.ts';
import { compareResourceVersions } from './resourceVersion.ts';
import { createIndexes, type Indexes } from './storeIndexes.ts';

/** `old` is what the store held before. A `deleted` event's object is the last version known. */
export interface StoreEvent<T> {
  type: 'added' | 'updated' | 'deleted';
  object: T;
  old?: T;
}

export interface StoreOptions<T> {
  /** By name, which values an object is found under. */
  indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
}

/**
 * All objects of one resource that this process knows, by `namespace/name` (or `name`), deep-frozen.
 *
 * It only moves forward: a version below the one held, or below a deletion seen, changes nothing. So a late watch event,
 * a stale list and the answer to our own write may come in any order. Only a list at or above what is held can take it back.
 * A listener that throws stops neither the change nor the other listeners; the error reaches who made the change.
 */
export interface Store<T extends KubeObject> {
  get(key: string): T | undefined;
  list(): T[];
  keys(): string[];
  size(): number;
  byIndex(name: string, value: string): T[];
  /** Takes an object (and freezes it): our own write's answer, or a watch's event. False when it was old news. */
  applyWrite(object: T): boolean;
  /** Takes a deletion: the last version of the object, with the deletion's resourceVersion. False when it was old news. */
  applyDelete(object: T): boolean;
  /** Returns how to stop listening. */
  onChange(listener: (event: StoreEvent<T>) => void): () => void;
}

/** A store as the reflector that fills it sees it. */
export interface ReflectedStore<T extends KubeObject> extends Store<T> {
  /** Takes a complete list: what it lacks was deleted, unless it is newer than the list. */
  applyList(items: readonly T[], resourceVersion: string): void;
  /** Whether a complete list shows an older version of a held object than it can: the server's own state was set back. */
  showsOlder(items: readonly T[], resourceVersion: string): boolean;
  /** The same as applyList, but the list is believed even where it is older: the server's own state was set back. */
  reset(items: readonly T[], resourceVersion: string): void;
  /** Every change up to this resourceVersion has been applied (a bookmark). */
  advance(resourceVersion: string): void;
  /** Up to where every change has been applied; undefined before the first list. */
  resourceVersion(): string | undefined;
}

/** The state that the parts of one store share. */
export interface SharedOfStore<T> {
  indexes: Indexes<T>;
  /** Calls the listeners once the whole list is applied, so that none sees half of it. */
  announce(events: readonly StoreEvent<T>[]): void;
  onChange: Store<T & KubeObject>['onChange'];
  byIndex(get: (key: string) => T | undefined): (name: string, value: string) => T[];
}

/** The key of the object with this name; of one without a namespace it is the name. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function objectKey({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return keyOf(metadata.namespace, metadata.name);
}

export function createStore<T extends KubeObject>(options: StoreOptions<T> = {}): ReflectedStore<T> {
  return createStorePart(createShared(options));
}

export function createShared<T extends KubeObject>(options: StoreOptions<T>): SharedOfStore<T> {
  const indexes = createIndexes(options.indexes ?? {});
  const listeners = new Set<(event: StoreEvent<T>) => void>();
  return {
    indexes,
    announce(events) {
      const errors: unknown[] = [];
      for (const event of events) {
        for (const listener of listeners) {
          try {
            listener(event);
          } catch (error) {
            errors.push(error);
          }
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'a listener of the store threw');
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    byIndex: (get) => (name, value) => indexes.keys(name, value).flatMap((key) => get(key) ?? []),
  };
}

/** The part of a store that one reflector lists and watches: the whole store, or its objects of one namespace. */
export function createStorePart<T extends KubeObject>(shared: SharedOfStore<T>): ReflectedStore<T> {
  const { indexes, announce } = shared;
  const objects = new Map<string, T>();
  /** Deletions that the list or watch has not reached yet, by key. Below `synced` absence itself is the tombstone. */
  const tombstones = new Map<string, string>();
  let synced: string | undefined;

  const isAbove = (version: string, floor: string | undefined) =>
    floor === undefined || compareResourceVersions(version, floor) > 0;

  const isBelow = (version: string, floor: string | undefined) =>
    floor !== undefined && compareResourceVersions(version, floor) < 0;

  function isNews(key: string, version: string): boolean {
    const held = objects.get(key);
    if (held) return isAbove(version, held.metadata.resourceVersion);
    return isAbove(version, tombstones.get(key)) && isAbove(version, synced);
  }

  const differs = (key: string, { metadata }: T) =>
    objects.get(key)?.metadata.resourceVersion !== metadata.resourceVersion;

  /**
   * A consistent list holds all that was written up to its version: one that shows less than was seen up to there is of a
   * server whose state was set back and has gone on since. Only what is above the list stands against it.
   */
  function isListed(key: string, item: T, version: string): boolean {
    if (isNews(key, item.metadata.resourceVersion)) return true;
    const held = objects.get(key)?.metadata.resourceVersion;
    if (held !== undefined) return differs(key, item) && !isAbove(held, version);
    const deletedAt = tombstones.get(key);
    return !isBelow(version, synced) && (deletedAt === undefined || !isAbove(deletedAt, version));
  }

  function put(key: string, object: T): StoreEvent<T>[] {
    const old = objects.get(key);
    freezeDeep(object);
    objects.set(key, object);
    indexes.replace(key, old, object);
    tombstones.delete(key);
    if (!old) return [{ type: 'added', object }];
    if (old.metadata.uid === object.metadata.uid) return [{ type: 'updated', object, old }];
    return [
      { type: 'deleted', object: old, old },
      { type: 'added', object },
    ];
  }

  function remove(key: string, last: T | undefined): StoreEvent<T>[] {
    const old = objects.get(key);
    if (!old) return [];
    objects.delete(key);
    indexes.replace(key, old, undefined);
    return [{ type: 'deleted', object: last ? freezeDeep(last) : old, old }];
  }

  function advance(version: string): void {
    if (!isAbove(version, synced)) return;
    synced = version;
    for (const [key, deletedAt] of tombstones) if (!isAbove(deletedAt, synced)) tombstones.delete(key);
  }

  function take(items: readonly T[], version: string, believe: boolean): void {
    const events: StoreEvent<T>[] = [];
    const listed = new Set<string>();
    for (const item of items) {
      const key = objectKey(item);
      listed.add(key);
      if (believe ? differs(key, item) : isListed(key, item, version)) events.push(...put(key, item));
    }
    for (const [key, held] of objects) {
      if (listed.has(key) || (!believe && isAbove(held.metadata.resourceVersion, version))) continue;
      events.push(...remove(key, undefined));
    }
    if (believe) {
      tombstones.clear();
      synced = version;
    } else advance(version);
    announce(events);
  }

  return {
    get: (key) => objects.get(key),
    list: () => [...objects.values()],
    keys: () => [...objects.keys()],
    size: () => objects.size,
    byIndex: shared.byIndex((key) => objects.get(key)),
    applyWrite(object) {
      const key = objectKey(object);
      if (!isNews(key, object.metadata.resourceVersion)) return false;
      announce(put(key, object));
      return true;
    },
    applyDelete(object) {
      const key = objectKey(object);
      const version = object.metadata.resourceVersion;
      const held = objects.get(key);
      if (held && compareResourceVersions(version, held.metadata.resourceVersion) < 0) return false;
      if (isAbove(version, synced) && isAbove(version, tombstones.get(key))) tombstones.set(key, version);
      announce(remove(key, object));
      return held !== undefined;
    },
    applyList: (items, version) => take(items, version, false),
    showsOlder: (items, version) =>
      items.some((item) => {
        const held = objects.get(objectKey(item))?.metadata.resourceVersion;
        return held !== undefined && !isAbove(held, version) && isBelow(item.metadata.resourceVersion, held);
      }),
    reset: (items, version) => take(items, version, true),
    advance,
    resourceVersion: () => synced,
    onChange: shared.onChange,
  };
}
