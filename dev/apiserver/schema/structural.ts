import { z } from 'zod';
import type { JsonValue } from '../values/kinds.ts';

/** One entry of `x-kubernetes-validations`. */
export interface Rule {
  rule: string;
  message?: string;
  messageExpression?: string;
  fieldPath?: string;
  reason?: string;
  optionalOldSelf?: boolean;
}

/** A node of a structural schema (apiextensions v1, JSONSchemaProps), as far as custom resources may use it. */
export interface Structural {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  title?: string;
  description?: string;
  format?: string;
  default?: JsonValue;
  example?: JsonValue;
  nullable?: boolean;
  enum?: JsonValue[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  required?: string[];
  properties?: Record<string, Structural>;
  additionalProperties?: boolean | Structural;
  items?: Structural;
  allOf?: Structural[];
  anyOf?: Structural[];
  oneOf?: Structural[];
  not?: Structural;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-validations'?: Rule[];
}

const count = z.int().min(0).optional();

const rule: z.ZodType<Rule> = z.strictObject({
  rule: z.string().trim().min(1),
  message: z.string().optional(),
  messageExpression: z.string().optional(),
  fieldPath: z.string().optional(),
  reason: z
    .enum(['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'])
    .optional(),
  optionalOldSelf: z.boolean().optional(),
});

const node: z.ZodType<Structural> = z.lazy(() =>
  z.strictObject({
    type: z.enum(['object', 'array', 'string', 'integer', 'number', 'boolean']).optional(),
    title: z.string().optional(),
    description: z.string().optional(),
    format: z.string().optional(),
    default: z.json().optional(),
    example: z.json().optional(),
    nullable: z.boolean().optional(),
    enum: z.array(z.json()).min(1).optional(),
    pattern: z.string().optional(),
    minLength: count,
    maxLength: count,
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    exclusiveMinimum: z.boolean().optional(),
    exclusiveMaximum: z.boolean().optional(),
    multipleOf: z.number().positive().optional(),
    minItems: count,
    maxItems: count,
    uniqueItems: z.literal(false).optional(),
    minProperties: count,
    maxProperties: count,
    required: z.array(z.string()).optional(),
    properties: z.record(z.string(), node).optional(),
    additionalProperties: z.union([z.boolean(), node]).optional(),
    items: node.optional(),
    allOf: z.array(node).optional(),
    anyOf: z.array(node).optional(),
    oneOf: z.array(node).optional(),
    not: node.optional(),
    'x-kubernetes-int-or-string': z.boolean().optional(),
    'x-kubernetes-preserve-unknown-fields': z.literal(true).optional(),
    'x-kubernetes-embedded-resource': z.boolean().optional(),
    'x-kubernetes-list-type': z.enum(['atomic', 'set', 'map']).optional(),
    'x-kubernetes-list-map-keys': z.array(z.string()).min(1).optional(),
    'x-kubernetes-map-type': z.enum(['atomic', 'granular']).optional(),
    'x-kubernetes-validations': z.array(rule).optional(),
  }),
);

/**
 * Reads `openAPIV3Schema` and holds it to the rules for structural schemas.
 * @param path where the schema stands in the CRD, for messages
 * @throws Error with one line that names the place and what is wrong
 */
export function parseStructural(value: JsonValue | undefined, path: string): Structural {
  const parsed = node.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = issue?.path.map((key) => `[${String(key)}]`).join('') ?? '';
    throw new Error(`${path}${at}: Invalid value: ${issue?.message ?? 'not a schema'}`);
  }
  if (parsed.data.type !== 'object') {
    throw new Error(`${path}.type: Invalid value: "${parsed.data.type ?? ''}": must be object at the root`);
  }
  requireStructure(parsed.data, path);
  return parsed.data;
}

function requireStructure(schema: Structural, path: string): void {
  const opaque = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (!schema.type && !opaque) {
    throw new Error(`${path}.type: Required value: must not be empty for specified fields`);
  }
  if (schema.properties && schema.additionalProperties) {
    throw new Error(`${path}.additionalProperties: Forbidden: must not be used together with properties`);
  }
  if (schema.type === 'array' && !schema.items) {
    throw new Error(`${path}.items: Required value: must be specified`);
  }
  requireListType(schema, path);
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    requireStructure(property, `${path}.properties[${key}]`);
  }
  if (schema.items) requireStructure(schema.items, `${path}.items`);
  if (typeof schema.additionalProperties === 'object') {
    requireStructure(schema.additionalProperties, `${path}.additionalProperties`);
  }
}

function requireListType(schema: Structural, path: string): void {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map') {
    if (keys) {
      throw new Error(`${path}.x-kubernetes-list-map-keys: Forbidden: needs x-kubernetes-list-type map`);
    }
    return;
  }
  if (!keys) {
    throw new Error(
      `${path}.x-kubernetes-list-map-keys: Required value: must not be empty for a list of type map`,
    );
  }
  for (const key of keys) {
    const property = schema.items?.properties?.[key];
    if (!property) {
      throw new Error(
        `${path}.x-kubernetes-list-map-keys: Invalid value: "${key}": entries must all be names of item properties`,
      );
    }
    if (property.default === undefined && !schema.items?.required?.includes(key)) {
      throw new Error(
        `${path}.items.properties[${key}].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      );
    }
  }
}
