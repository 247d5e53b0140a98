import { equal } from '../values/json.ts';
import type { FieldSchema, JsonObject, JsonValue } from '../values/kinds.ts';
import { compare } from './compare.ts';
import { configuredFields, withNamedFields, withoutFields } from './configured.ts';
import { difference, type FieldSet, intersection, isEmpty, noFields, outside, union } from './fieldSet.ts';
import { idOf, type Managed, type Manager, withOwned } from './managed.ts';
import { mergeConfigured } from './merge.ts';
import { comparing, type FieldView, type OwnedWrite, ownable, type Taken, takeFrom } from './ownership.ts';

export interface Application {
  live: JsonObject;
  config: JsonObject;
  managed: Managed;
  /** An Apply manager. */
  manager: Manager;
  viewOf: OwnedWrite['viewOf'];
  ignored: FieldSet;
  now: string;
}

export interface Applied {
  /** The live object itself when nothing in it changed. */
  object: JsonObject;
  managed: Managed;
  /** What was others' and has another value now: conflicts, unless forced. */
  taken: Taken[];
}

/** undefined when the version of the configuration isn't served. */
export function applyConfiguration(application: Application): Applied | undefined {
  const { live, config, manager, viewOf, ignored, now } = application;
  const version = viewOf(manager.apiVersion);
  if (version === undefined) return undefined;
  const id = idOf(manager);
  const last = application.managed.get(id);
  const set = outside(configuredFields(version.schema, config), ignored);
  const claimed = withOwned(application.managed, { ...manager, set, ...(last?.time && { time: last.time }) });
  const merged = mergeConfigured(version.schema, live, config) as JsonObject;
  const pruned =
    last === undefined || isEmpty(last.set)
      ? merged
      : withoutDropped(version, merged, claimed, manager.apiVersion, last.set);
  const { managed, taken } = takeFrom(claimed, id, comparing({ live, next: pruned, viewOf, ignored }));
  const unchanged = equal(pruned, live);
  const own = managed.get(id);
  const named = own && { ...own, set: ownable(own.set), ...(unchanged ? {} : { time: now }) };
  return {
    object: unchanged ? live : pruned,
    managed: named === undefined ? managed : withOwned(managed, named),
    taken,
  };
}

/** Without what the applier had named and names no more, unless somebody else has it too. */
function withoutDropped(
  { schema }: FieldView,
  merged: JsonObject,
  claimed: Managed,
  apiVersion: string,
  last: FieldSet,
): JsonObject {
  const named = (set: FieldSet): FieldSet => withNamedFields(schema, set);
  const fieldsOf = (value: JsonValue): FieldSet => named(configuredFields(schema, value));
  const everything = fieldsOf(merged);
  const without = (set: FieldSet): JsonObject => (withoutFields(schema, merged, set) ?? {}) as JsonObject;
  const owned = [...claimed.values()]
    .filter((each) => each.apiVersion === apiVersion)
    .reduce((sum, each) => union(sum, each.set), noFields);
  const bare = fieldsOf(without(named(last)));
  // What others own comes back, and then what went only because something around it did.
  const shared = without(difference(everything, union(bare, named(owned))));
  return without(intersection(difference(everything, fieldsOf(shared)), named(last)));
}

/** Of the fields that kubectl's annotation names, those that are as it says. */
export function lastAppliedFields(schema: FieldSchema, lastApplied: JsonObject, live: JsonObject): FieldSet {
  const { added, removed, modified } = compare(schema, lastApplied, live);
  const set = configuredFields(schema, lastApplied);
  return difference(difference(difference(set, modified), added), removed);
}
