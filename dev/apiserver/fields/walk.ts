import { isObject } from '../values/json.ts';
import type { FieldSchema, JsonValue } from '../values/kinds.ts';
import { fieldAt, settled, stepTo } from './fieldSchema.ts';

/** A part of a value that can have an owner of its own. */
export interface Part {
  step: string;
  schema: FieldSchema;
  value: JsonValue;
}

/**
 * The parts of a value, in its order; undefined where it can't be taken apart. What has no place in the schema is left
 * out.
 */
export function partsOf(given: FieldSchema, value: JsonValue | undefined): Part[] | undefined {
  const schema = settled(given, value);
  if (schema.is === 'scalar' || schema.is === 'atomic') return undefined;
  if (schema.is === 'map' || schema.is === 'set') {
    const item: FieldSchema = schema.is === 'map' ? schema.item : { is: 'scalar', type: 'any' };
    const items = Array.isArray(value) ? value : [];
    return items.flatMap((each): Part[] => {
      const step = stepTo(schema, each);
      return step === undefined ? [] : [{ step, schema: item, value: each }];
    });
  }
  return Object.entries(isObject(value) ? value : {}).flatMap(([name, each]): Part[] => {
    const field = fieldAt(schema, name);
    return field === undefined ? [] : [{ step: `f:${name}`, schema: field, value: each }];
  });
}

/**
 * Two values side by side, part by part; undefined where they are to be compared as a whole, which two empty ones are,
 * so that empty and absent stay apart.
 */
export function pairsOf(
  schema: FieldSchema,
  a: JsonValue | undefined,
  b: JsonValue | undefined,
): Map<string, { schema: FieldSchema; a?: JsonValue; b?: JsonValue }> | undefined {
  const [ours, theirs] = [partsOf(schema, a ?? b), partsOf(schema, b ?? a)];
  if (ours === undefined || theirs === undefined) return undefined;
  const pairs = new Map<string, { schema: FieldSchema; a?: JsonValue; b?: JsonValue }>();
  if (a !== undefined && a !== null)
    for (const part of ours) pairs.set(part.step, { schema: part.schema, a: part.value });
  if (b !== undefined && b !== null) {
    for (const part of theirs) {
      const known = pairs.get(part.step);
      pairs.set(part.step, { ...(known ?? { schema: part.schema }), b: part.value });
    }
  }
  return pairs.size === 0 ? undefined : pairs;
}
