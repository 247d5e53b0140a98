import { isObject } from '../values/json.ts';
import type { FieldSchema, JsonValue } from '../values/kinds.ts';
import { fieldAt, isDeclared, settled, stepTo } from './fieldSchema.ts';
import { type FieldSet, fieldSet, kidOf, type Path, showPath } from './fieldSet.ts';
import { partsOf } from './walk.ts';

/** The fields that a configuration names: what its applier owns from then on. */
export function configuredFields(schema: FieldSchema, value: JsonValue): FieldSet {
  const parts = partsOf(schema, value);
  if (parts === undefined) return { own: true, kids: new Map() };
  const kids = parts.map((part) => {
    const name = part.step.startsWith('f:') ? part.step.slice(2) : undefined;
    const own = name === undefined || isBare(part.value) || !isDeclared(schema, name);
    const below = configuredFields(part.schema, part.value);
    return [part.step, { own: below.own || own, kids: below.kids }] as const;
  });
  return fieldSet(false, kids);
}

function isBare(value: JsonValue): boolean {
  return value === null || (isObject(value) && Object.keys(value).length === 0);
}

/** The set with each declared field on the way to one of its paths: such a field goes with what is in it. */
export function withNamedFields(schema: FieldSchema | undefined, set: FieldSet): FieldSet {
  const kids = [...set.kids].map(([step, kid]) => {
    const name = step.startsWith('f:') ? step.slice(2) : undefined;
    const declared = name !== undefined && schema !== undefined && isDeclared(schema, name);
    const own = kid.own || (declared && kid.kids.size > 0);
    return [step, { own, kids: withNamedFields(below(schema, name), kid).kids }] as const;
  });
  return fieldSet(set.own, kids);
}

function below(schema: FieldSchema | undefined, name: string | undefined): FieldSchema | undefined {
  if (schema === undefined) return undefined;
  if (name !== undefined) return fieldAt(schema, name);
  return schema.is === 'map' ? schema.item : undefined;
}

/** The value without the paths in the set; null for an object or a list of which nothing is left. */
export function withoutFields(given: FieldSchema, value: JsonValue, set: FieldSet): JsonValue {
  const schema = settled(given, value);
  if (schema.is === 'map' || schema.is === 'set') {
    const item: FieldSchema = schema.is === 'map' ? schema.item : { is: 'scalar', type: 'any' };
    const kept = (Array.isArray(value) ? value : []).flatMap((each): JsonValue[] => {
      const kid = kidOf(set, stepTo(schema, each) ?? '');
      if (kid.own) return [];
      return [kid.kids.size === 0 ? each : withoutFields(item, each, kid)];
    });
    return kept.length === 0 ? null : kept;
  }
  if (!isObject(value) || schema.is === 'scalar' || schema.is === 'atomic') return value;
  const kept = Object.entries(value).flatMap(([name, each]): [string, JsonValue][] => {
    const kid = kidOf(set, `f:${name}`);
    if (kid.own) return [];
    const field = fieldAt(schema, name);
    return [[name, kid.kids.size === 0 || field === undefined ? each : withoutFields(field, each, kid)]];
  });
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

function typeName(value: JsonValue): string {
  if (Array.isArray(value)) return 'list';
  return isObject(value) ? 'map' : typeof value;
}

const expectations = {
  string: 'string',
  number: 'numeric (int or float)',
  boolean: 'boolean',
} as const;

/** What is wrong with a configuration by the schema; structured-merge-diff's words. */
export function misconfigured(given: FieldSchema, value: JsonValue, path: Path = []): string[] {
  const schema = settled(given, value);
  const at = showPath(path);
  if (value === null || schema.is === 'atomic') return [];
  if (schema.is === 'scalar') {
    const { type } = schema;
    if (type === 'any' || typeof value === type) return [];
    return [`${at}: expected ${expectations[type]}, got ${typeName(value)}`];
  }
  if (schema.is === 'map' || schema.is === 'set') return misconfiguredList(schema, value, path);
  if (!isObject(value)) return [`${at}: expected map, got ${typeName(value)}`];
  return Object.entries(value).flatMap(([name, each]) => {
    const field = fieldAt(schema, name);
    const inner = [...path, `f:${name}`];
    return field === undefined
      ? [`${showPath(inner)}: field not declared in schema`]
      : misconfigured(field, each, inner);
  });
}

function misconfiguredList(
  schema: Extract<FieldSchema, { is: 'map' | 'set' }>,
  value: JsonValue,
  path: Path,
): string[] {
  const at = showPath(path);
  if (!Array.isArray(value)) return [`${at}: expected list, got ${typeName(value)}`];
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    const step = stepTo(schema, item);
    if (step === undefined) {
      const keys = schema.is === 'map' ? schema.keys.map((key) => JSON.stringify(key)).join(' ') : '';
      return [
        `${at}: element ${index}: associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
      ];
    }
    if (seen.has(step)) return [`${at}: duplicate entries for key ${showPath([step])}`];
    seen.add(step);
    return schema.is === 'map' ? misconfigured(schema.item, item, [...path, step]) : [];
  });
}
