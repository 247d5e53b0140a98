import type { FieldSchema, JsonObject } from '../values/kinds.ts';
import { type Comparison, compare, within } from './compare.ts';
import { difference, type FieldSet, intersection, isEmpty, noFields, setOf, union } from './fieldSet.ts';
import { capped, idOf, type Managed, type Manager, type Owned, withOwned } from './managed.ts';

/** One version of a kind, as far as ownership goes. */
export interface FieldView {
  schema: FieldSchema;
  /** From the version of the write to this one. */
  view(object: JsonObject): JsonObject;
}

/** A write to an object, in the version of its path. */
export interface OwnedWrite {
  live: JsonObject;
  next: JsonObject;
  /** undefined for a version that isn't served any more. */
  viewOf(apiVersion: string): FieldView | undefined;
  /** What this kind of write can't change. */
  ignored: FieldSet;
}

/** Fields without an owner: the server's own, and the object's identity. */
const unowned = setOf([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
]);

export function ownable(set: FieldSet): FieldSet {
  return difference(set, unowned);
}

/** Someone else's fields that a write changes. */
export interface Taken {
  owned: Owned;
  set: FieldSet;
}

type Compared = (apiVersion: string) => Comparison | undefined;

/** What a write changes, as each version sees it; compared once. */
export function comparing(write: OwnedWrite): Compared {
  const comparisons = new Map<string, Comparison | undefined>();
  return (apiVersion) => {
    if (!comparisons.has(apiVersion)) comparisons.set(apiVersion, comparisonIn(write, apiVersion));
    return comparisons.get(apiVersion);
  };
}

function comparisonIn(write: OwnedWrite, apiVersion: string): Comparison | undefined {
  const version = write.viewOf(apiVersion);
  if (version === undefined) return undefined;
  const { schema, view } = version;
  return within(compare(schema, view(write.live), view(write.next)), write.ignored);
}

/** What a write takes from other managers, and who owns what once it has. */
export function takeFrom(
  managed: Managed,
  self: string,
  compared: Compared,
): { managed: Managed; taken: Taken[] } {
  let result: Managed = managed;
  const taken: Taken[] = [];
  for (const [id, owned] of managed) {
    if (id === self) continue;
    const change = compared(owned.apiVersion);
    // Paths of a version that is no more lead nowhere.
    if (change === undefined) {
      result = withOwned(result, { ...owned, set: noFields });
      continue;
    }
    const set = intersection(owned.set, union(change.modified, change.added));
    if (!isEmpty(set)) taken.push({ owned, set });
    const left = difference(difference(owned.set, set), change.removed);
    if (left !== owned.set || isEmpty(left)) result = withOwned(result, { ...owned, set: left });
  }
  return { managed: result, taken };
}

/** Who owns what after a PUT, a POST or a patch: its manager has all that it changed. */
export function ownedByUpdate(managed: Managed, manager: Manager, write: OwnedWrite, now: string): Managed {
  const compared = comparing(write);
  const change = compared(manager.apiVersion);
  if (change === undefined) return managed;
  const id = idOf(manager);
  const { managed: others } = takeFrom(managed, '', compared);
  const gained = ownable(union(change.modified, change.added));
  if (isEmpty(gained)) return others;
  const before = others.get(id)?.set ?? noFields;
  return capped(withOwned(others, { ...manager, set: union(before, gained), time: now }));
}
