import protobuf from 'protobufjs';
import { isObject } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import { messageOfKind, messages } from './messages.ts';

const MAGIC = Buffer.from('k8s\0');
const { root } = protobuf.parse(messages, { keepCase: true });

/** Go's encoder writes these when they are zero, and JSON leaves them out then. */
const ABSENT_WHEN_ZERO = new Set(['generation', 'count']);

/**
 * A body of `application/vnd.kubernetes.protobuf` as the JSON that it stands for.
 * @throws Error when the bytes can't be decoded or their kind isn't one that this server reads in protobuf
 */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    throw new Error('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const unknown = root.lookupType('Unknown').toObject(decode('Unknown', bytes.subarray(MAGIC.length)));
  const { apiVersion = '', kind = '' } = unknown.typeMeta ?? {};
  const name = kind === 'DeleteOptions' ? kind : messageOfKind.get(`${apiVersion}/${kind}`);
  if (name === undefined) {
    throw new Error(`${apiVersion} ${kind} cannot be read in protobuf by this server: send application/json`);
  }
  return {
    apiVersion,
    kind,
    ...toJson(root.lookupType(name), decode(name, unknown.raw ?? new Uint8Array())),
  };
}

function decode(name: string, bytes: Uint8Array): protobuf.Message {
  try {
    return root.lookupType(name).decode(bytes);
  } catch (error) {
    throw new Error(`malformed protobuf ${name}: ${error instanceof Error ? error.message : error}`);
  }
}

function toJson(type: protobuf.Type, message: protobuf.Message): JsonObject {
  const values: Record<string, unknown> = { ...message };
  const result: JsonObject = {};
  for (const field of type.fieldsArray) {
    const raw = values[field.name];
    if (raw === undefined || raw === null) continue;
    const value = fieldToJson(field.resolve(), raw);
    if (value === null || value === '' || (value === 0 && ABSENT_WHEN_ZERO.has(field.name))) continue;
    if (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)
      continue;
    result[field.name] = value;
  }
  return result;
}

function fieldToJson(field: protobuf.Field, value: unknown): JsonValue {
  if (field.map) {
    return Object.fromEntries(
      Object.entries(Object(value)).map(([key, item]) => [key, valueToJson(field, item)]),
    );
  }
  return Array.isArray(value) ? value.map((item) => valueToJson(field, item)) : valueToJson(field, value);
}

function valueToJson(field: protobuf.Field, value: unknown): JsonValue {
  const type = field.resolvedType;
  if (type instanceof protobuf.Type && value instanceof protobuf.Message) {
    return type.name === 'Time' || type.name === 'MicroTime' ? stamp(type.name, value) : toJson(type, value);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return Number(value);
}

/** The zero time, which is an empty message on the wire, is null. */
function stamp(name: 'Time' | 'MicroTime', message: protobuf.Message): JsonValue {
  const { seconds, nanos } = { seconds: undefined, nanos: undefined, ...message };
  if (seconds === undefined) return null;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const micros = Math.floor(Number(nanos ?? 0) / 1000);
  return name === 'Time' ? `${whole}Z` : `${whole}.${String(micros).padStart(6, '0')}Z`;
}
