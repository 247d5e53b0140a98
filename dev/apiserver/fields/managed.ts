import { equal, freeze, isObject, objectsAt, stringAt, without } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import { type FieldSet, fromFieldsV1, isEmpty, toFieldsV1, union } from './fieldSet.ts';

/** The manager of each field, by kind of write: an applier has one id for all versions that it applied in. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  /** The version that the paths are of. */
  apiVersion: string;
  /** '' for the object itself. */
  subresource: string;
}

export interface Owned extends Manager {
  set: FieldSet;
  /** RFC 3339 to the second; absent for an applier that changed nothing yet. */
  time?: string;
}

/** By the managers' ids. */
export type Managed = ReadonlyMap<string, Owned>;

/** In the server’s own form, by which it sorts them. */
export function idOf({ manager, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify({
    manager,
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });
}

function ownedOf(entry: JsonObject): Owned {
  const { operation, fieldsType, fieldsV1, time } = entry;
  if (operation !== 'Apply' && operation !== 'Update')
    throw new Error('operation must be `Apply` or `Update`');
  const apiVersion = stringAt(entry, 'apiVersion');
  if (apiVersion === '') throw new Error('apiVersion must not be empty');
  if (fieldsType !== 'FieldsV1') throw new Error('fieldsType must be `FieldsV1`');
  return {
    manager: stringAt(entry, 'manager'),
    operation,
    apiVersion,
    subresource: stringAt(entry, 'subresource'),
    set: fromFieldsV1(fieldsV1),
    ...(typeof time === 'string' ? { time } : {}),
  };
}

/** undefined for what can't be read. */
function decodeEntries(entries: readonly JsonObject[]): Managed | undefined {
  try {
    const owned = entries.map(ownedOf);
    return new Map(owned.map((each) => [idOf(each), each]));
  } catch {
    return undefined;
  }
}

/** By the lists that stored objects have, which are frozen. */
const known = new WeakMap<object, Managed>();

function managedIn(meta: JsonObject): Managed {
  const { managedFields } = meta;
  if (!Array.isArray(managedFields)) return new Map();
  let managed = known.get(managedFields);
  if (managed === undefined) {
    managed = decodeEntries(objectsAt(meta, 'managedFields')) ?? new Map<string, Owned>();
    if (Object.isFrozen(managedFields)) known.set(managedFields, managed);
  }
  return managed;
}

function isReset(entries: readonly JsonObject[]): boolean {
  const [only, ...more] = entries;
  return only !== undefined && more.length === 0 && Object.keys(only).length === 0;
}

/**
 * What is managed before a write: a write may bring its own list, and one empty entry clears it. What can't be read, or
 * comes through a subresource, counts for nothing.
 */
export function managedBefore(live: JsonObject, next: JsonObject, subresource: string): Managed {
  const kept = managedIn(live);
  if (subresource !== '') return kept;
  const brought = objectsAt(next, 'managedFields');
  const before = live.managedFields;
  const same = Array.isArray(before) && before.length === brought.length;
  if (same && brought.every((entry, index) => entry === before[index])) return kept;
  if (isReset(brought)) return new Map();
  const decoded = decodeEntries(brought);
  return decoded === undefined || decoded.size === 0 ? kept : decoded;
}

/** Appliers first, then by time; those without one before all others. */
function byAge(a: Owned, b: Owned): number {
  const keys = (each: Owned): string[] => [
    each.operation,
    each.time ?? '',
    each.manager,
    each.apiVersion,
    each.subresource,
  ];
  const [ours, theirs] = [keys(a), keys(b)];
  const first = ours.findIndex((key, index) => key !== theirs[index]);
  return first === -1 ? 0 : (ours[first] ?? '') < (theirs[first] ?? '') ? -1 : 1;
}

/** Most sets stay as they are from one write to the next. */
const encoded = new WeakMap<FieldSet, JsonValue>();

function encodedSet(set: FieldSet): JsonValue {
  let fields = encoded.get(set);
  if (fields === undefined) {
    fields = freeze(toFieldsV1(set));
    encoded.set(set, fields);
  }
  return fields;
}

/** metadata.managedFields. */
export function encodeManaged(managed: Managed): JsonValue[] {
  const entries = [...managed.values()].toSorted(byAge).map(({ set, subresource, time, ...rest }) => ({
    ...rest,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodedSet(set),
    ...(subresource === '' ? {} : { subresource }),
  }));
  known.set(entries, managed);
  return entries;
}

const maxUpdaters = 10;

/** Of more than ten managers that update, the oldest become one. */
export function capped(managed: Managed): Managed {
  const updaters = [...managed.values()].filter(({ operation }) => operation === 'Update').toSorted(byAge);
  const surplus = updaters.length - maxUpdaters;
  if (surplus <= 0) return managed;
  const result = new Map(managed);
  const merged = new Map<string, Owned>();
  for (const each of updaters.slice(0, surplus + 1)) {
    const bucket: Manager = {
      manager: 'ancient-changes',
      operation: 'Update',
      apiVersion: each.apiVersion,
      subresource: '',
    };
    const before = merged.get(each.apiVersion)?.set;
    result.delete(idOf(each));
    const set = before === undefined ? each.set : union(before, each.set);
    merged.set(each.apiVersion, { ...each, ...bucket, set });
  }
  for (const each of merged.values()) result.set(idOf(each), each);
  return result;
}

/** Entries that own nothing aren't kept. */
export function withOwned(managed: Managed, owned: Owned): Managed {
  const result = new Map(managed);
  if (isEmpty(owned.set)) result.delete(idOf(owned));
  else result.set(idOf(owned), owned);
  return result;
}

/** The same list but for its times. */
export function sameButTimes(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index];
      return isObject(entry) && isObject(other) && equal(without(entry, 'time'), without(other, 'time'));
    })
  );
}
