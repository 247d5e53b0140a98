import { type MergeRules, metadataMergeRules } from '../patches/strategicMerge.ts';
import { objectMetaShape } from '../schema/objectMeta.ts';
import type { Structural } from '../schema/structural.ts';
import { isObject } from '../values/json.ts';
import type { FieldSchema, JsonValue, Scalar } from '../values/kinds.ts';
import type { Shape } from '../values/shapes.ts';

const free: FieldSchema = { is: 'free' };
const atomic: FieldSchema = { is: 'atomic' };

/** The schema of what is under a name: an object's field, or what a key of a map leads to. */
export function fieldAt(schema: FieldSchema, name: string): FieldSchema | undefined {
  if (schema.is === 'free') return free;
  if (schema.is !== 'object') return undefined;
  return Object.hasOwn(schema.fields, name) ? schema.fields[name] : schema.others;
}

/** Whether the name is one that the schema declares, rather than a key that somebody chose. */
export function isDeclared(schema: FieldSchema, name: string): boolean {
  return schema.is === 'object' && Object.hasOwn(schema.fields, name);
}

/** The step to an item of a list of type map or set. undefined where the item has no identity. */
export function stepTo(
  schema: Extract<FieldSchema, { is: 'map' | 'set' }>,
  item: JsonValue,
): string | undefined {
  if (schema.is === 'set') return `v:${JSON.stringify(item)}`;
  if (!isObject(item)) return undefined;
  const known = schema.keys.filter((key) => (item[key] ?? schema.defaults[key]) !== undefined);
  if (known.length === 0) return undefined;
  const keys = known.toSorted().map((key) => [key, item[key] ?? schema.defaults[key] ?? null] as const);
  return `k:${JSON.stringify(Object.fromEntries(keys))}`;
}

/** What the schema comes to for the value at hand: a value without a schema is what it looks like. */
export function settled(schema: FieldSchema, value: JsonValue | undefined): FieldSchema {
  if (schema.is !== 'free') return schema;
  if (isObject(value)) return free;
  return Array.isArray(value) ? atomic : { is: 'scalar', type: 'any' };
}

const scalars: Readonly<Record<string, Scalar>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
};

function listOf(schema: Structural): FieldSchema {
  const { items = {} } = schema;
  const type = schema['x-kubernetes-list-type'] ?? 'atomic';
  if (type === 'atomic') return atomic;
  if (type === 'set') return { is: 'set' };
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const defaults = keys.flatMap((key): [string, JsonValue][] => {
    const value = items.properties?.[key]?.default;
    return value === undefined ? [] : [[key, value]];
  });
  return { is: 'map', keys, defaults: Object.fromEntries(defaults), item: fromStructural(items) };
}

function fromStructural(schema: Structural): FieldSchema {
  if (schema.type === 'array') return listOf(schema);
  if (schema.type !== 'object') {
    if (schema['x-kubernetes-preserve-unknown-fields']) return free;
    return { is: 'scalar', type: scalars[schema.type ?? ''] ?? 'any' };
  }
  if (schema['x-kubernetes-map-type'] === 'atomic') return atomic;
  const fields = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, fromStructural(each)]);
  const open =
    schema['x-kubernetes-preserve-unknown-fields'] ||
    schema['x-kubernetes-embedded-resource'] ||
    schema.additionalProperties === true ||
    (schema.properties === undefined && schema.additionalProperties === undefined);
  const { additionalProperties: each } = schema;
  const others = open ? free : typeof each === 'object' ? fromStructural(each) : undefined;
  return { is: 'object', fields: Object.fromEntries(fields), ...(others && { others }) };
}

function fromShape(shape: Shape, path: string, rules: MergeRules): FieldSchema {
  if (shape === 'any') return free;
  if (typeof shape === 'string') {
    const type = shape === 'boolean' ? 'boolean' : shape === 'integer' ? 'number' : 'string';
    return { is: 'scalar', type };
  }
  if (rules.atomic?.includes(path)) return atomic;
  if ('map' in shape) return { is: 'object', fields: {}, others: fromShape(shape.map, path, rules) };
  if ('list' in shape) {
    const key = rules.byKey[path];
    if (key !== undefined) {
      const item = fromShape(shape.list, `${path}[]`, rules);
      return { is: 'map', keys: [key], defaults: {}, item };
    }
    return rules.sets.includes(path) ? { is: 'set' } : atomic;
  }
  const fields = Object.entries(shape.fields).map(([name, each]) => {
    return [name, fromShape(each, path === '' ? name : `${path}.${name}`, rules)] as const;
  });
  return { is: 'object', fields: Object.fromEntries(fields) };
}

const text: FieldSchema = { is: 'scalar', type: 'string' };
const envelope = { apiVersion: text, kind: text };

/** Of a compiled-in kind: its lists are owned as strategic merge patches merge them. */
export function builtinFields(shapes: Readonly<Record<string, Shape>>, rules: MergeRules): FieldSchema {
  const all: Shape = { fields: { ...shapes, metadata: objectMetaShape } };
  const schema = fromShape(all, '', rules);
  return schema.is === 'object' ? { ...schema, fields: { ...schema.fields, ...envelope } } : schema;
}

const metadata = fromShape(objectMetaShape, 'metadata', metadataMergeRules);

/** Of a custom resource; of any fields at all where it has no schema. */
export function customFields(schema: Structural | undefined): FieldSchema {
  const own = fromStructural(schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  return own.is === 'object' ? { ...own, fields: { ...own.fields, ...envelope, metadata } } : own;
}
