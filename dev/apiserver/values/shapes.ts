import { isObject } from './json.ts';
import type { JsonObject, JsonValue } from './kinds.ts';

/**
 * What a built-in type's fields are: enough to do what decoding into a Go struct does, which is to refuse wrong types
 * (HTTP 400), drop what isn't a field, and read null as absent.
 */
export type Shape =
  | 'string'
  | 'integer'
  | 'boolean'
  | 'any'
  /** RFC 3339. */
  | 'time'
  /** RFC 3339 with exactly six digits after the second. */
  | 'microTime'
  /** Base64. */
  | 'bytes'
  | { map: Shape }
  | { list: Shape }
  | { fields: Readonly<Record<string, Shape>> };

/** A value that cannot be decoded; the message names its path and what was expected. */
export class ShapeError extends Error {}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function fail(path: string, value: JsonValue, expected: string): never {
  const got = Array.isArray(value) ? 'array' : typeof value;
  throw new ShapeError(`json: cannot unmarshal ${got} into field ${path} of type ${expected}`);
}

function text(shape: 'string' | 'time' | 'microTime' | 'bytes', value: JsonValue, path: string): JsonValue {
  if (typeof value !== 'string') fail(path, value, shape === 'bytes' ? '[]byte' : 'string');
  if (shape === 'bytes') {
    const compact = value.replaceAll(/[\r\n]/g, '');
    if (!base64.test(compact)) throw new ShapeError(`illegal base64 data in field ${path}`);
    return compact;
  }
  const pattern = shape === 'time' ? time : shape === 'microTime' ? microTime : undefined;
  if (pattern !== undefined && (!pattern.test(value) || Number.isNaN(Date.parse(value)))) {
    const layout = shape === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00';
    throw new ShapeError(`parsing time ${JSON.stringify(value)} of field ${path} as "${layout}"`);
  }
  return value;
}

/** Go leaves lists and maps that are empty out of what it writes. */
function isOmitted(shape: Shape, value: JsonValue): boolean {
  if (typeof shape === 'string') return false;
  if ('list' in shape) return Array.isArray(value) && value.length === 0;
  return 'map' in shape && isObject(value) && Object.keys(value).length === 0;
}

/**
 * Decodes a value, collecting the paths of unknown fields.
 * @throws ShapeError
 */
export function conform(shape: Shape, value: JsonValue, path: string, unknown: string[]): JsonValue {
  if (typeof shape === 'string') {
    switch (shape) {
      case 'any':
        return value;
      case 'boolean':
        return typeof value === 'boolean' ? value : fail(path, value, 'bool');
      case 'integer':
        return Number.isSafeInteger(value) ? value : fail(path, value, 'int64');
      default:
        return text(shape, value, path);
    }
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) fail(path, value, 'array');
    return value.map((item, index) => conform(shape.list, item, `${path}[${index}]`, unknown));
  }
  if (!isObject(value)) fail(path, value, 'object');
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const inner = path === '' ? key : `${path}.${key}`;
    const field =
      'map' in shape ? shape.map : Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field === undefined) unknown.push(inner);
    else if (item !== null && !('fields' in shape && isOmitted(field, item)))
      result[key] = conform(field, item, inner, unknown);
  }
  return result;
}
