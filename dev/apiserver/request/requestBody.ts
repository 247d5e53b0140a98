import { parse as parseYaml } from 'yaml';
import { badRequest, unsupportedMediaType } from '../errors/statusErrors.ts';
import { decodeProtobuf } from '../protobuf/decodeProtobuf.ts';
import { isObject } from '../values/json.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import type { ApiRequest } from './http.ts';

const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** Without its parameters; JSON when the request doesn't say. */
export function contentTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() || 'application/json';
}

/** Throws a 400. */
export function parseText(text: string, contentType: string): JsonValue {
  try {
    return (contentType.endsWith('yaml') ? parseYaml(text) : JSON.parse(text)) as JsonValue;
  } catch (error) {
    // The parser's own message quotes the body, and that can be a Secret.
    const what = error instanceof Error ? error.name : 'error';
    throw badRequest(`the object provided is unrecognized: the body is not ${contentType} (${what})`);
  }
}

/** Throws a 400 or a 415. */
export function readBody(request: ApiRequest): JsonObject | undefined {
  if (request.body.byteLength === 0) return undefined;
  const contentType = contentTypeOf(request);
  if (!bodyTypes.includes(contentType)) throw unsupportedMediaType(bodyTypes);
  if (contentType !== 'application/vnd.kubernetes.protobuf') {
    return objectOr400(parseText(Buffer.from(request.body).toString('utf8'), contentType));
  }
  try {
    return decodeProtobuf(request.body);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function objectOr400(value: JsonValue | undefined): JsonObject {
  if (!isObject(value)) throw badRequest('the request body must be an object');
  return value;
}

export function requiredBody(request: ApiRequest): JsonObject {
  return objectOr400(readBody(request));
}
