import type { Target } from '../cluster/core.ts';
import { invalidValue } from '../errors/causes.ts';
import { badRequest, invalid, type StatusError } from '../errors/statusErrors.ts';
import { apiVersionOf, type Definition } from '../kinds/definition.ts';
import { objectMetaShape } from '../schema/objectMeta.ts';
import { objectAt, stringAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';
import { conform, ShapeError } from '../values/shapes.ts';
import type { WriteOptions } from './writeOptions.ts';

/** Decodes a body as the kind of the path, in that kind's own view. Throws a 400, or a 422 for another kind. */
export function decode(
  definition: Definition,
  body: JsonObject,
  keepNulls = false,
): { object: JsonObject; unknown: string[] } {
  const { builtin, info, strategy } = definition;
  const apiVersion = apiVersionOf(info);
  const given = stringAt(body, 'apiVersion');
  const kind = stringAt(body, 'kind');
  if (kind === '' && !builtin) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${info.kind}): Object 'Kind' is missing`,
    );
  }
  if (given !== apiVersion && (given !== '' || !builtin)) {
    throw badRequest(
      `the API version in the data (${given}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (kind !== '' && kind !== info.kind && !builtin) {
    const name = stringAt(objectAt(body, 'metadata'), 'name');
    throw invalid(info, name, [invalidValue('kind', kind, `must be ${info.kind}`)]);
  }
  if (kind !== '' && kind !== info.kind) {
    throw badRequest(`${kind} in version "${info.version}" cannot be handled as a ${info.kind}`);
  }
  const unknown: string[] = [];
  let metadata: JsonObject;
  try {
    metadata = conform(objectMetaShape, body.metadata ?? {}, 'metadata', unknown) as JsonObject;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const { message } = error;
    throw badRequest(
      `${info.kind} in version "${info.version}" cannot be handled as a ${info.kind}: ${message}`,
    );
  }
  const admitted = strategy.admit({ ...body, apiVersion, kind: info.kind, metadata }, keepNulls);
  return { object: admitted.object, unknown: [...unknown, ...admitted.unknown] };
}

/** What becomes of unknown fields: an error, warnings, or nothing. */
export function reportUnknown(
  options: WriteOptions,
  unknown: string[],
  refuse: (why: string) => StatusError,
): void {
  if (unknown.length === 0 || options.fieldValidation === 'Ignore') return;
  const texts = unknown.map((path) => `unknown field "${path}"`);
  if (options.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${texts.join(', ')}`);
  for (const text of texts) options.warn(text);
}

export function strictBody(definition: Definition): (why: string) => StatusError {
  const { kind, version } = definition.info;
  return (why) => badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/** A body names what its path names; it may leave out the namespace. */
export function checkPath(target: Target, meta: JsonObject): void {
  const name = stringAt(meta, 'name');
  if (target.name !== '' && name === '') {
    throw badRequest(
      `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (target.name !== '' && name !== target.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  }
  const namespace = stringAt(meta, 'namespace');
  if (namespace !== '' && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}
