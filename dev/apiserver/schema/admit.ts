import { clone, isObject } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import type { Structural } from './structural.ts';

const ENVELOPE = new Set(['apiVersion', 'kind', 'metadata']);

/** Copies `value` without the fields that the schema doesn't know; their paths are added to `unknown`. */
export function prune(
  schema: Structural,
  value: JsonValue,
  path: string,
  unknown: string[],
  isResource: boolean,
): JsonValue {
  if (Array.isArray(value)) {
    const items = schema.items;
    return items
      ? value.map((item, index) => prune(items, item, `${path}[${index}]`, unknown, embedded(items)))
      : clone(value);
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const inner = path === '' ? key : `${path}.${key}`;
    const property = propertyOf(schema, key);
    if (isResource && ENVELOPE.has(key)) result[key] = clone(item);
    else if (property) result[key] = prune(property, item, inner, unknown, embedded(property));
    else if (schema['x-kubernetes-preserve-unknown-fields'] || schema.additionalProperties === true) {
      result[key] = clone(item);
    } else unknown.push(inner);
  }
  return result;
}

function embedded(schema: Structural): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** The schema of the value under `key`, if there is one of its own. */
export function propertyOf(schema: Structural, key: string): Structural | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/**
 * Fills defaults into `value` in place, parents before children, so that a default's own fields get theirs.
 * A null where null isn't allowed gives way to the default; without one it is dropped, unless nulls are to be kept.
 */
export function applyDefaults(schema: Structural, value: JsonValue, keepNulls = false): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (!items) return;
    for (const [index, item] of value.entries()) {
      if (item === null && !items.nullable && items.default !== undefined)
        value[index] = clone(items.default);
      applyDefaults(items, value[index] ?? null, keepNulls);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const present = Object.hasOwn(value, key) && (value[key] !== null || property.nullable);
    if (!present && property.default !== undefined) value[key] = clone(property.default);
  }
  for (const [key, item] of Object.entries(value)) {
    const property = propertyOf(schema, key);
    if (!property) continue;
    if (item !== null || property.nullable) applyDefaults(property, item, keepNulls);
    else if (property.default === undefined) {
      if (!keepNulls) delete value[key];
    } else {
      const filled = clone(property.default);
      applyDefaults(property, filled, keepNulls);
      value[key] = filled;
    }
  }
}
