import { badRequest } from '../errors/statusErrors.ts';
import { apiVersionOf, type Definition } from '../kinds/definition.ts';
import { type IncludeObject, renderTable } from '../table/renderTable.ts';
import { isObject, metaOf, without } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

/** How the caller wants objects: whole, their metadata alone, or as rows for printing. */
export type Form = { as: 'whole' } | { as: 'metadata' } | { as: 'table'; includeObject: IncludeObject };

/** The first media range of Accept that is known wins; any other request gets JSON. */
export function formOf(accept: string, query: URLSearchParams): Form {
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== 'application/vnd.kubernetes.protobuf') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3) ?? '';
    if (as.startsWith('PartialObjectMetadata')) return { as: 'metadata' };
    // A client that prefers tables in protobuf would get them in a form that it didn't name; JSON ones come next.
    if (as === 'Table' && type === 'application/json')
      return { as: 'table', includeObject: includeObject(query) };
    if (as === '') return { as: 'whole' };
  }
  return { as: 'whole' };
}

function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(`Invalid value: "${value}": includeObject must be None, Metadata or Object`);
}

function partial(object: JsonObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: metaOf(object) };
}

/** @param now milliseconds since the epoch, for ages in tables */
export function representObject(
  definition: Definition,
  form: Form,
  object: JsonObject,
  now: number,
): JsonObject {
  // Deletion answers with a Status, and that is nothing to be reshaped.
  if (object.kind === 'Status' && object.apiVersion === 'v1') return object;
  if (form.as === 'whole') return object;
  if (form.as === 'metadata') return partial(object);
  const table = renderTable(definition.info, [object], form.includeObject, now);
  return { ...table, metadata: { resourceVersion: metaOf(object).resourceVersion ?? '' } };
}

export function representList(
  definition: Definition,
  form: Form,
  objects: JsonObject[],
  metadata: JsonObject,
  now: number,
): JsonObject {
  const { info, builtin } = definition;
  if (form.as === 'table') return { ...renderTable(info, objects, form.includeObject, now), metadata };
  if (form.as === 'metadata') {
    const items = objects.map(partial);
    return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items };
  }
  const items = builtin ? objects.map((object) => without(object, 'apiVersion', 'kind')) : objects;
  return { kind: info.listKind, apiVersion: apiVersionOf(info), metadata, items };
}

/** An object that carries a resourceVersion and nothing else, in the form of the watch. */
export function representBookmark(
  definition: Definition,
  form: Form,
  metadata: JsonObject,
  now: number,
): JsonObject {
  const { info } = definition;
  if (form.as === 'table') return { ...renderTable(info, [], form.includeObject, now), metadata };
  if (form.as === 'metadata')
    return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
  return { kind: info.kind, apiVersion: apiVersionOf(info), metadata };
}

/** Only a watch's first table says what the columns are. */
export function withoutColumns(object: JsonObject): JsonObject {
  return isObject(object) && object.kind === 'Table' ? without(object, 'columnDefinitions') : object;
}
