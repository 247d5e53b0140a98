import { equal, isObject } from '../values/json.ts';
import type { FieldSchema, JsonValue } from '../values/kinds.ts';
import { type FieldSet, fieldSet, noFields, outside } from './fieldSet.ts';
import { pairsOf } from './walk.ts';

export interface Comparison {
  added: FieldSet;
  removed: FieldSet;
  modified: FieldSet;
}

const unchanged: Comparison = { added: noFields, removed: noFields, modified: noFields };
const here: FieldSet = { own: true, kids: new Map() };

/** Which fields of the one came to be, went or changed in the other. */
export function compare(
  schema: FieldSchema,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): Comparison {
  if (before !== undefined && equal(before, after)) return unchanged;
  const [isNew, isGone] = [before === undefined, after === undefined];
  const pairs = pairsOf(schema, before, after);
  if (
    pairs === undefined &&
    isObject(before) !== isObject(after) &&
    before !== undefined &&
    after !== undefined
  ) {
    return becoming(schema, before, after);
  }
  if (pairs === undefined) {
    return {
      added: isNew ? here : noFields,
      removed: isGone ? here : noFields,
      modified: isNew || isGone ? noFields : here,
    };
  }
  const parts = [...pairs].map(([step, pair]) => [step, compare(pair.schema, pair.a, pair.b)] as const);
  const gather = (own: boolean, which: keyof Comparison): FieldSet =>
    fieldSet(
      own,
      parts.map(([step, comparison]) => [step, comparison[which]]),
    );
  return {
    added: gather(isNew, 'added'),
    removed: gather(isGone, 'removed'),
    modified: gather(false, 'modified'),
  };
}

/** An object that becomes something else, or the other way round: as a whole, and each of its fields. */
function becoming(schema: FieldSchema, before: JsonValue, after: JsonValue): Comparison {
  const fields = isObject(before) ? compare(schema, before, {}) : compare(schema, {}, after);
  return { ...fields, modified: here };
}

/** Leaves out the fields that no write can change. */
export function within({ added, removed, modified }: Comparison, ignored: FieldSet): Comparison {
  return {
    added: outside(added, ignored),
    removed: outside(removed, ignored),
    modified: outside(modified, ignored),
  };
}
