import { invalidValue, notSupported, required, tooLong } from '../errors/causes.ts';
import { equal, isObject } from '../values/json.ts';
import type { FieldCause, JsonObject, JsonValue } from '../values/kinds.ts';
import { propertyOf } from './admit.ts';
import { correlate } from './correlate.ts';
import { formats } from './formats.ts';
import { compilePattern } from './pattern.ts';
import type { Structural } from './structural.ts';
import { duplicate, tooMany, typeInvalid } from './typeErrors.ts';

const patterns = new WeakMap<Structural, RegExp>();

/**
 * The schema's own rules, CEL aside. A value that equals its old one passes despite the rules (KEP-4008, ratcheting),
 * so that a tightened schema does not block writes to an earlier object.
 */
export function validateStructure(
  schema: Structural,
  value: JsonValue,
  old: JsonValue | undefined,
  path: string,
): FieldCause[] {
  if (old !== undefined && equal(value, old)) return [];
  const wrongType = checkType(schema, value, path);
  if (wrongType) return wrongType === 'null' ? [] : [wrongType];
  return [
    ...checkScalar(schema, value, path),
    ...(Array.isArray(value) ? checkList(schema, value, old, path) : []),
    ...(isObject(value) ? checkObject(schema, value, old, path) : []),
    ...checkCombined(schema, value, path),
  ];
}

function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(schema: Structural, value: JsonValue, path: string): FieldCause | 'null' | undefined {
  const actual = typeName(value);
  if (actual === 'null' && schema.nullable) return 'null';
  const expected = schema['x-kubernetes-int-or-string']
    ? ['integer', 'string']
    : schema.type
      ? [schema.type]
      : [];
  if (expected.length === 0 || expected.some((type) => type === actual)) return undefined;
  if (actual === 'integer' && schema.type === 'number') return undefined;
  return typeInvalid(path, actual, `${path} in body must be of type ${expected.join(',')}: "${actual}"`);
}

function checkScalar(schema: Structural, value: JsonValue, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (schema.enum && !schema.enum.some((one) => equal(one, value))) {
    const supported = schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    causes.push(notSupported(path, value, supported));
  }
  if (typeof value === 'string') causes.push(...checkString(schema, value, path));
  if (typeof value === 'number') causes.push(...checkNumber(schema, value, path));
  return causes;
}

function checkString(schema: Structural, value: string, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength)
    causes.push(tooLong(path, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength) {
    causes.push(
      invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`),
    );
  }
  if (schema.pattern !== undefined && !patternOf(schema, schema.pattern).test(value)) {
    causes.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  if (schema.format !== undefined && formats.get(schema.format)?.(value) === false) {
    causes.push(
      typeInvalid(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`),
    );
  }
  return causes;
}

function patternOf(schema: Structural, pattern: string): RegExp {
  const known = patterns.get(schema);
  if (known) return known;
  const compiled = compilePattern(pattern);
  patterns.set(schema, compiled);
  return compiled;
}

function checkNumber(schema: Structural, value: number, path: string): FieldCause[] {
  const { minimum, maximum, multipleOf } = schema;
  const causes: FieldCause[] = [];
  const fail = (why: string) => causes.push(invalidValue(path, value, `${path} in body should be ${why}`));
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    fail(`greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    fail(`less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) fail(`a multiple of ${multipleOf}`);
  return causes;
}

function checkList(
  schema: Structural,
  value: JsonValue[],
  old: JsonValue | undefined,
  path: string,
): FieldCause[] {
  const causes: FieldCause[] = [];
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    causes.push(tooMany(path, value.length, schema.maxItems));
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    causes.push(
      invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`),
    );
  }
  const items = schema.items;
  if (items) {
    const oldOf = correlate(schema, old);
    value.forEach((item, index) => {
      causes.push(...validateStructure(items, item, oldOf(item, index), `${path}[${index}]`));
    });
  }
  causes.push(...checkUnique(schema, value, path));
  return causes;
}

function checkUnique(schema: Structural, value: JsonValue[], path: string): FieldCause[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const identities = value.map((item) => (type === 'set' ? item : keysOf(schema, item)));
  const first = new Map<string, number>();
  return identities.flatMap((identity, index) => {
    const text = JSON.stringify(identity);
    if (first.has(text)) return [duplicate(`${path}[${index}]`, identity)];
    first.set(text, index);
    return [];
  });
}

function keysOf(schema: Structural, item: JsonValue): JsonObject {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (!isObject(item)) return {};
  return Object.fromEntries(keys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]]])));
}

function checkObject(
  schema: Structural,
  value: JsonObject,
  old: JsonValue | undefined,
  path: string,
): FieldCause[] {
  const causes: FieldCause[] = [];
  const size = Object.keys(value).length;
  if (schema.maxProperties !== undefined && size > schema.maxProperties) {
    causes.push(tooMany(path, size, schema.maxProperties));
  }
  if (schema.minProperties !== undefined && size < schema.minProperties) {
    causes.push(
      invalidValue(path, size, `${path} in body should have at least ${schema.minProperties} properties`),
    );
  }
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) causes.push(required(child(path, key)));
  }
  for (const [key, item] of Object.entries(value)) {
    const property = propertyOf(schema, key);
    if (!property) continue;
    const before = isObject(old) ? old[key] : undefined;
    causes.push(...validateStructure(property, item, before, child(path, key)));
  }
  return causes;
}

function child(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function checkCombined(schema: Structural, value: JsonValue, path: string): FieldCause[] {
  const passes = (one: Structural) => validateStructure(one, value, undefined, path).length === 0;
  const causes = (schema.allOf ?? []).flatMap((one) => validateStructure(one, value, undefined, path));
  const fail = (why: string) => causes.push(invalidValue(path, typeName(value), `${path} in body ${why}`));
  if (schema.anyOf && !schema.anyOf.some(passes)) fail('must validate at least one schema (anyOf)');
  if (schema.oneOf) {
    const valid = schema.oneOf.filter(passes).length;
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    if (valid !== 1) fail(`must validate one and only one schema (oneOf). ${found}`);
  }
  if (schema.not && passes(schema.not)) fail('must not validate the schema (not)');
  return causes;
}
