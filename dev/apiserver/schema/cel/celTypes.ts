import { Environment } from '@marcbachmann/cel-js';
import { equal, isObject } from '../../values/json.ts';
import type { JsonObject, JsonValue } from '../../values/kinds.ts';
import type { Structural } from '../structural.ts';

/** How one node of a schema looks to CEL: its type's name, and a JSON value as the evaluator wants it. */
export interface CelType {
  name: string;
  of(value: JsonValue): unknown;
  /** Of the values under a list or a map. */
  element?: CelType;
  /** By property name as in JSON; a property that CEL can't name is missing. */
  fields?: ReadonlyMap<string, CelType>;
}

const KEYWORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(
    ' ',
  ),
);

const dyn: CelType = { name: 'dyn', of: dynamic };
const text: CelType = { name: 'string', of: (value) => value };

const parseDuration = new Environment().registerVariable('text', 'string').parse('duration(text)');

const byFormat: Record<string, CelType> = {
  byte: {
    name: 'bytes',
    of: (value) => (typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value),
  },
  date: {
    name: 'google.protobuf.Timestamp',
    of: (value) => (typeof value === 'string' ? new Date(value) : value),
  },
  'date-time': {
    name: 'google.protobuf.Timestamp',
    of: (value) => (typeof value === 'string' ? new Date(value) : value),
  },
  duration: { name: 'google.protobuf.Duration', of: (value) => parseDuration({ text: value }) },
};

/**
 * A property's name in CEL, as Kubernetes escapes it (apiserver/pkg/cel/escaping.go); undefined when it can't be one.
 */
export function escapeName(name: string): string | undefined {
  if (KEYWORDS.has(name)) return `__${name}__`;
  const escaped = name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}

/**
 * Declares the schema's types, one for each object with properties, and returns that of the node itself.
 * @param name the type's name in CEL's own error messages; the nested ones' grow from it
 */
export function declareType(env: Environment, schema: Structural, name: string): CelType {
  if (schema['x-kubernetes-int-or-string']) return dyn;
  switch (schema.type) {
    case 'string':
      return byFormat[schema.format ?? ''] ?? text;
    case 'boolean':
      return { name: 'bool', of: (value) => value };
    case 'integer':
      return { name: 'int', of: (value) => (typeof value === 'number' ? BigInt(value) : value) };
    case 'number':
      return { name: 'double', of: (value) => value };
    case 'array':
      return schema.items ? listOf(declareType(env, schema.items, `${name}.items`)) : dyn;
    case 'object':
      if (typeof schema.additionalProperties === 'object') {
        return mapOf(declareType(env, schema.additionalProperties, `${name}.values`));
      }
      return schema.properties ? messageOf(env, schema.properties, name) : dyn;
    default:
      return dyn;
  }
}

function listOf(element: CelType): CelType {
  return {
    name: `list<${element.name}>`,
    element,
    of: (value) => (Array.isArray(value) ? value.map((item) => element.of(item)) : value),
  };
}

function mapOf(element: CelType): CelType {
  return {
    name: `map<string, ${element.name}>`,
    element,
    of: (value) =>
      isObject(value) ? new Map(Object.entries(value).map(([key, item]) => [key, element.of(item)])) : value,
  };
}

function messageOf(env: Environment, properties: Record<string, Structural>, name: string): CelType {
  const fields = new Map<string, CelType>();
  const declared: Record<string, string> = {};
  const keys = new Map<string, string>();
  for (const [key, property] of Object.entries(properties)) {
    const escaped = escapeName(key);
    if (escaped === undefined) continue;
    const field = declareType(env, property, `${name}.${escaped}`);
    fields.set(key, field);
    declared[escaped] = field.name;
    keys.set(escaped, key);
  }

  // The evaluator tells a message's type by its constructor, so each has its own.
  class Message extends Map<string, unknown> {
    readonly json: JsonObject;
    constructor(json: JsonObject) {
      super();
      this.json = json;
    }
  }
  env.registerType(name, { ctor: Message, fields: declared });
  env.registerOperator(`${name} == ${name}`, (a: Message, b: Message) => equal(a.json, b.json));
  return {
    name,
    fields,
    of(value) {
      if (!isObject(value)) return value;
      const message = new Message(value);
      for (const [escaped, key] of keys) {
        const item = value[key];
        // Null is absent to CEL.
        if (item !== undefined && item !== null) message.set(escaped, fields.get(key)?.of(item));
      }
      return message;
    },
  };
}

function dynamic(value: JsonValue): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(dynamic);
  if (isObject(value)) return new Map(Object.entries(value).map(([key, item]) => [key, dynamic(item)]));
  return value;
}
