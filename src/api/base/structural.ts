import { z } from 'zod';
import type { CelRule } from './meta.ts';
import { own } from './own.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A structural schema: the part of apiextensions/v1 JSONSchemaProps that the kinds use. */
export interface SchemaProps {
  type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  description?: string;
  format?: string;
  default?: Json;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  required?: string[];
  properties?: Record<string, SchemaProps>;
  additionalProperties?: SchemaProps;
  items?: SchemaProps;
  'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: CelRule[];
}

const count = z.int().min(0).optional();

// The output of z.toJSONSchema that a CRD can express. Strict, so that any other zod feature fails the generation.
const node: z.ZodType<SchemaProps> = z.lazy(() =>
  z.strictObject({
    type: z.enum(['object', 'array', 'string', 'integer', 'boolean']),
    description: z.string().optional(),
    format: z.string().optional(),
    default: z.json().optional(),
    enum: z.array(z.string()).optional(),
    pattern: z.string().optional(),
    minLength: count,
    maxLength: count,
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minItems: count,
    maxItems: count,
    minProperties: count,
    maxProperties: count,
    required: z.array(z.string()).optional(),
    properties: z.record(z.string(), node).optional(),
    additionalProperties: node.optional(),
    items: node.optional(),
    'x-kubernetes-list-type': z.enum(['atomic', 'map', 'set']).optional(),
    'x-kubernetes-list-map-keys': z.array(z.string()).optional(),
    'x-kubernetes-validations': z
      .array(
        z.strictObject({
          rule: z.string(),
          message: z.string(),
          fieldPath: z.string().optional(),
          reason: z.enum(['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired']).optional(),
        }),
      )
      .optional(),
  }),
);

/**
 * A zod schema as a structural schema, as a client may send it: a field with a default is not required.
 * @param path where it stands in the kind, for errors
 * @throws Error naming the first field that has no description, no bound, or that a CRD can't say
 */
export function structuralSchema(schema: z.ZodType, path: string): SchemaProps {
  const json = z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' });
  const parsed = node.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${path}: ${issue?.path.map(String).join('.')}: ${issue?.message}: a CRD can't say that`);
  }
  const structural = clean(parsed.data);
  requireSaid(structural, path);
  forbidHiddenDefaults(structural, path);
  return structural;
}

function clean(schema: SchemaProps): SchemaProps {
  const { properties, items, additionalProperties, ...own } = schema;
  if (own.type === 'integer') Object.assign(own, integerBounds(own));
  // The server knows the format; zod's pattern for it would only obscure its message.
  if (own.format === 'date-time') delete own.pattern;
  if (own.type === 'array') own['x-kubernetes-list-type'] ??= 'atomic';
  const cleaned: SchemaProps = { ...own };
  if (properties) cleaned.properties = mapValues(properties, clean);
  if (additionalProperties) cleaned.additionalProperties = clean(additionalProperties);
  if (items) cleaned.items = clean(items);
  // Whole, because the server judges a default by the rules before it fills the fields within.
  if (cleaned.default !== undefined) cleaned.default = withDefaults(cleaned, cleaned.default);
  return cleaned;
}

const MAX_INT32 = 2 ** 31 - 1;

/** zod bounds every integer by what a double holds; that is no rule of ours. */
function integerBounds({
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
}: SchemaProps) {
  const fits = minimum >= -MAX_INT32 - 1 && maximum <= MAX_INT32;
  return {
    minimum: minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum,
    maximum: maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum,
    format: fits ? 'int32' : 'int64',
  };
}

function withDefaults(schema: SchemaProps, value: Json): Json {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => withDefaults(items, item)) : value;
  }
  if (value === null || typeof value !== 'object' || !schema.properties) return value;
  const filled: Record<string, Json> = { ...value };
  for (const [name, property] of Object.entries(schema.properties)) {
    const inner = own(filled, name) ?? property.default;
    if (inner !== undefined) filled[name] = withDefaults(property, inner);
  }
  return filled;
}

/** Every field has a description for `kubectl explain`, and a bound, so that the server can estimate what a rule costs. */
function requireSaid(schema: SchemaProps, path: string, described = true): void {
  const lacks = (what: string) =>
    new Error(`${path}: ${what} is missing; add it in src/api and generate again`);
  if (described && !schema.description) throw lacks('a description');
  const bounded = schema.maxLength !== undefined || schema.enum || schema.format === 'date-time';
  if (schema.type === 'string' && !bounded) throw lacks('a maximum length');
  if (schema.type === 'array' && schema.maxItems === undefined) throw lacks('a maximum number of items');
  if (schema.additionalProperties && schema.maxProperties === undefined) {
    throw lacks('a maximum number of properties');
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    requireSaid(property, `${path}.${name}`);
  }
  if (schema.items) requireSaid(schema.items, `${path}[]`, schema.items.type === 'object');
  if (schema.additionalProperties) {
    requireSaid(schema.additionalProperties, `${path}.*`, schema.additionalProperties.type === 'object');
  }
}

/**
 * An atomic list is one value to server-side apply. If the server filled a default in within it, a second manager that applies
 * the same manifest would get a conflict.
 */
function forbidHiddenDefaults(schema: SchemaProps, path: string, atomic = false): void {
  if (atomic && schema.default !== undefined) {
    throw new Error(`${path} has a default within an atomic list; make it optional, or the list a map`);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    forbidHiddenDefaults(property, `${path}.${name}`, atomic);
  }
  const within = atomic || schema['x-kubernetes-list-type'] === 'atomic';
  if (schema.items) forbidHiddenDefaults(schema.items, `${path}[]`, within);
  if (schema.additionalProperties) forbidHiddenDefaults(schema.additionalProperties, `${path}.*`, atomic);
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
