import { createHash } from 'node:crypto';
import { isObject } from '../values/json.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';
import { builtinSchema, metaSchemas, OBJECT_META } from './builtinSchemas.ts';

type Kinds = readonly KindInfo[];

/** `GET /openapi/v3`: where each group version's document is, with its digest, by which clients cache it. */
export function openapiV3Index(kinds: Kinds): JsonObject {
  const paths: JsonObject = {};
  for (const { group, version } of kinds) {
    const path = groupPath(group, version);
    if (path in paths) continue;
    const document = JSON.stringify(openapiV3Document(group, version, kinds));
    const hash = createHash('sha512').update(document).digest('hex').toUpperCase();
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** `GET /openapi/v3/apis/GROUP/VERSION`; undefined when no kind is in it. */
export function openapiV3Document(group: string, version: string, kinds: Kinds): JsonObject | undefined {
  const here = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (here.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.35.0' },
    paths: Object.fromEntries(here.map((kind) => [itemPath(kind), itemOperations(kind)])),
    components: {
      schemas: {
        ...metaSchemas,
        ...Object.fromEntries(here.map((kind) => [schemaName(kind), kindSchema(kind)])),
      },
    },
  };
}

function groupPath(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** As the real server names a custom resource's schema: the group's labels reversed. */
function schemaName({ group, version, kind }: KindInfo): string {
  const owner = group === '' ? 'io.k8s.api.core' : group.split('.').reverse().join('.');
  return `${owner}.${version}.${kind}`;
}

function groupVersionKind({ group, version, kind }: KindInfo): JsonObject {
  return { group, version, kind };
}

function kindSchema(kind: KindInfo): JsonObject {
  const schema = isObject(kind.openapi) ? kind.openapi : builtinSchema(kind.group, kind.kind);
  const properties = isObject(schema.properties) ? schema.properties : {};
  return {
    ...schema,
    type: 'object',
    properties: {
      ...properties,
      apiVersion: {
        type: 'string',
        description: 'APIVersion defines the versioned schema of this representation of an object.',
      },
      kind: { type: 'string', description: 'Kind is the REST resource that this object represents.' },
      metadata: { description: 'Standard object’s metadata.', allOf: [{ $ref: OBJECT_META }] },
    },
    'x-kubernetes-group-version-kind': [groupVersionKind(kind)],
  };
}

function itemPath(kind: KindInfo): string {
  const scope = kind.namespaced ? 'namespaces/{namespace}/' : '';
  return `/${groupPath(kind.group, kind.version)}/${scope}${kind.plural}/{name}`;
}

/** kubectl looks here whether a kind's PATCH takes `fieldValidation` and `dryRun`, and uses them only then. */
function itemOperations(kind: KindInfo): JsonObject {
  const content = { 'application/json': { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } };
  const operation = (action: string, names: string[]): JsonObject => ({
    operationId: `${action}${kind.kind}`,
    parameters: names.map((name) => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } })),
    responses: { '200': { description: 'OK', content } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': groupVersionKind(kind),
  });
  const writing = ['dryRun', 'fieldManager', 'fieldValidation'];
  return {
    get: operation('get', []),
    put: operation('put', writing),
    patch: operation('patch', [...writing, 'force']),
    delete: operation('delete', ['dryRun', 'gracePeriodSeconds', 'propagationPolicy']),
  };
}
