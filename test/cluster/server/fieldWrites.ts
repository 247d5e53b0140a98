import fc from 'fast-check';
import { metaOf } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import type { KubeRequest } from '../../../src/controller/client/transport.ts';

/** A write by one of several who share an object. */
export interface FieldWrite {
  how: 'apply' | 'force' | 'merge' | 'strategic' | 'put' | 'applyStatus' | 'mergeStatus';
  manager: string;
  metadata: JsonObject;
  body: JsonObject;
}

/** A kind whose objects are written. */
export interface WrittenKind {
  apiVersion: string;
  kind: string;
  /** Of its objects in the namespace default. */
  path: string;
  isCustom: boolean;
  /** What of an object, beside its metadata, is written. */
  body: fc.Arbitrary<JsonObject>;
}

const word = fc.constantFrom('a', 'b');
const words = (...of: string[]) => fc.uniqueArray(fc.constantFrom(...of), { maxLength: of.length });
const some = { requiredKeys: [] };
const named = <T>(of: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom('l', 'm'), of, { maxKeys: 2 });

const part = fc.record(
  { name: fc.constantFrom('x', 'y', 'z'), weight: fc.integer({ min: 1, max: 2 }) },
  { requiredKeys: ['name'] },
);

/** A kind with each way that fields can be owned. */
export const ownedDefinition: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.owned.example.com' },
  spec: {
    group: 'owned.example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer', minimum: 1 },
                  color: { type: 'string', default: 'red', enum: ['red', 'blue'] },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string' }, weight: { type: 'integer', default: 1 } },
                    },
                  },
                  words: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
                  plain: { type: 'array', items: { type: 'string' } },
                  whole: {
                    type: 'object',
                    'x-kubernetes-map-type': 'atomic',
                    properties: { a: { type: 'string' }, b: { type: 'string' } },
                  },
                  deep: {
                    type: 'object',
                    properties: {
                      x: {
                        type: 'object',
                        properties: { y: { type: 'string' }, z: { type: 'integer', default: 7 } },
                      },
                    },
                  },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  note: { type: 'string', nullable: true },
                },
              },
              status: { type: 'object', properties: { note: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
};

const spec = fc.record(
  {
    size: fc.integer({ min: 0, max: 3 }),
    color: fc.constantFrom('red', 'blue'),
    parts: fc.uniqueArray(part, { selector: ({ name }) => name, maxLength: 3 }),
    words: words('p', 'q', 'r'),
    plain: fc.array(word, { maxLength: 2 }),
    whole: fc.record({ a: word, b: word }, some),
    deep: fc.record({ x: fc.record({ y: word, z: fc.integer({ min: 1, max: 2 }) }, some) }, some),
    labels: named(word),
    free: fc.record(
      { k: fc.oneof(word, fc.array(word, { maxLength: 2 }), fc.record({ n: word })), l: word },
      some,
    ),
    note: fc.oneof(word, fc.constant(null)),
  },
  some,
);
const bytes = fc.constantFrom('YQ==', 'Yg==');
const byName = fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y', 'z') }), {
  selector: ({ name }) => name,
  maxLength: 3,
});
const rule = fc.record({
  verbs: fc.constant<string[]>(['get']),
  apiGroups: words('a', 'b'),
  resources: words('c', 'd'),
});

export const writtenKinds: WrittenKind[] = [
  {
    apiVersion: 'owned.example.com/v1',
    kind: 'Thing',
    path: '/apis/owned.example.com/v1/namespaces/default/things',
    isCustom: true,
    body: fc.oneof(
      { weight: 9, arbitrary: fc.record({ spec }) },
      { weight: 1, arbitrary: fc.constant({}) },
    ) as fc.Arbitrary<JsonObject>,
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    path: '/api/v1/namespaces/default/configmaps',
    isCustom: false,
    body: fc.record({ data: named(word), binaryData: fc.dictionary(fc.constantFrom('n'), bytes) }, some),
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    path: '/api/v1/namespaces/default/secrets',
    isCustom: false,
    body: fc.record({ data: named(bytes), stringData: named(word) }, some),
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    path: '/api/v1/namespaces/default/serviceaccounts',
    isCustom: false,
    body: fc.record(
      { secrets: byName, imagePullSecrets: byName, automountServiceAccountToken: fc.boolean() },
      some,
    ),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
    isCustom: false,
    // Never an empty list: Go tells it from none, in memory and for as long as it is not stored.
    body: fc.record({ rules: fc.array(rule, { minLength: 1, maxLength: 2 }) }, some),
  },
];

const metadata = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      { labels: named(word), annotations: named(word), finalizers: words('e.com/a', 'e.com/b') },
      some,
    ),
  },
) as fc.Arbitrary<JsonObject>;

export function writesOf({ body, isCustom }: WrittenKind): fc.Arbitrary<FieldWrite[]> {
  const ways = ['apply', 'apply', 'apply', 'force', 'merge', 'put'] as const;
  const others = isCustom ? (['applyStatus', 'mergeStatus'] as const) : (['strategic'] as const);
  const write = fc.record({
    how: fc.constantFrom<FieldWrite['how']>(...ways, ...others),
    manager: fc.constantFrom('one', 'two', 'three'),
    metadata,
    body,
  });
  return fc.array(write, { minLength: 2, maxLength: 7 });
}

/** @param live the object as it is; undefined where there is none */
export function requestOf(
  { apiVersion, kind, path }: WrittenKind,
  name: string,
  write: FieldWrite,
  live: JsonObject | undefined,
): KubeRequest {
  const { how, manager, metadata: given, body } = write;
  const whole = { apiVersion, kind, metadata: { ...given, name }, ...body };
  const request = { path: `${path}/${name}`, query: { fieldManager: manager } };
  const merge = { ...request, method: 'PATCH', contentType: 'application/merge-patch+json' } as const;
  const apply = { ...request, method: 'PATCH', contentType: 'application/apply-patch+yaml' } as const;
  const status = { note: manager };
  switch (how) {
    case 'apply':
      return { ...apply, body: whole };
    case 'force':
      return { ...apply, query: { ...request.query, force: 'true' }, body: whole };
    case 'merge':
      return { ...merge, body: { metadata: given, ...body } };
    case 'strategic': {
      const contentType = 'application/strategic-merge-patch+json';
      return { ...merge, contentType, body: { metadata: given, ...body } };
    }
    case 'put': {
      const kept = live === undefined ? {} : { ...metaOf(live), labels: given.labels ?? {} };
      return { ...request, method: 'PUT', body: { ...whole, metadata: { ...kept, name } } };
    }
    case 'applyStatus':
      return { ...apply, path: `${request.path}/status`, body: { ...whole, status } };
    case 'mergeStatus':
      return { ...merge, path: `${request.path}/status`, body: { status } };
  }
}
