import { expect, test } from 'vitest';
import { compileCrd } from '../kinds/compileCrd.ts';
import { crdWithSpec } from '../kinds/testCrd.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';
import { apiAggregated, apiGroup, apisAggregated, apisRoot, resourceList } from './discovery.ts';
import { openapiV3Document, openapiV3Index } from './openapi.ts';
import { openapiV2, openapiV2Protobuf } from './openapiV2.ts';

function kind(more: Partial<KindInfo>, spec: JsonObject = { type: 'object' }): KindInfo {
  const [compiled] = compileCrd(crdWithSpec(spec));
  if (!compiled) throw new Error('no version is served');
  return { ...compiled, ...more };
}

const widget = kind({ shortNames: ['w'], categories: ['all'], statusSubresource: true });
const secret = kind({ group: '', plural: 'secrets', singular: 'secret', kind: 'Secret', openapi: undefined });
const kinds = [
  widget,
  secret,
  kind({ version: 'v1beta2' }),
  kind({ version: 'v2alpha1' }),
  kind({ version: 'v10' }),
];

test('the newest stable version comes first and is preferred', () => {
  const order = ['v10', 'v1', 'v1beta2', 'v2alpha1'];
  const group = apiGroup('example.com', kinds) as {
    versions: { version: string }[];
    preferredVersion: JsonObject;
  };
  expect(group.versions.map(({ version }) => version)).toEqual(order);
  expect(group.preferredVersion).toEqual({ groupVersion: 'example.com/v10', version: 'v10' });
  const [item] = apisAggregated(kinds).items as { versions: { version: string }[] }[];
  expect(item?.versions.map(({ version }) => version)).toEqual(order);
});

test('the core group is apart from the others', () => {
  expect((apisRoot(kinds).groups as { name: string }[]).map(({ name }) => name)).toEqual(['example.com']);
  expect(apiGroup('', kinds)).toBeUndefined();
  const names = (list: JsonObject) =>
    (list.items as { versions: { resources: { resource: string }[] }[] }[]).flatMap((item) =>
      item.versions.flatMap(({ resources }) => resources.map(({ resource }) => resource)),
    );
  expect(names(apiAggregated(kinds))).toEqual(['secrets']);
  expect(names(apisAggregated([widget]))).toEqual(['widgets']);
});

test('both forms of discovery list names, scope and the status subresource', () => {
  expect(resourceList('example.com', 'v1', kinds)).toMatchObject({
    groupVersion: 'example.com/v1',
    resources: [
      {
        name: 'widgets',
        singularName: 'widget',
        namespaced: true,
        kind: 'Widget',
        shortNames: ['w'],
        categories: ['all'],
      },
      { name: 'widgets/status', kind: 'Widget', verbs: ['get', 'patch', 'update'] },
    ],
  });
  expect(apisAggregated([widget])).toMatchObject({
    items: [
      {
        metadata: { name: 'example.com' },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              { resource: 'widgets', scope: 'Namespaced', subresources: [{ subresource: 'status' }] },
            ],
          },
        ],
      },
    ],
  });
  expect(resourceList('example.com', 'v3', kinds)).toBeUndefined();
});

test('a document’s digest changes when a schema in it does, and only then', () => {
  const url = (list: KindInfo[], path: string) =>
    (openapiV3Index(list).paths as Record<string, { serverRelativeURL: string }>)[path]?.serverRelativeURL;
  const changed = kind({}, { type: 'object', description: 'changed' });
  const before = url([widget, secret], 'apis/example.com/v1');
  expect(before).toMatch(/^\/openapi\/v3\/apis\/example.com\/v1\?hash=[0-9A-F]{128}$/);
  expect(url([widget, secret], 'apis/example.com/v1')).toBe(before);
  expect(url([changed, secret], 'apis/example.com/v1')).not.toBe(before);
  expect(url([changed, secret], 'api/v1')).toBe(url([widget, secret], 'api/v1'));
});

test('every reference in a document leads somewhere', () => {
  for (const [group, version] of [
    ['example.com', 'v1'],
    ['', 'v1'],
  ] as const) {
    const document = openapiV3Document(group, version, kinds) as { components: { schemas: JsonObject } };
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(0);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty([String(name)]);
  }
});

test('the OpenAPI v2 document is empty, and its protobuf survives being sent as text', () => {
  const bytes = Buffer.from(openapiV2Protobuf(), 'utf8');
  const strings = ['2.0', 'Kubernetes', 'v1.35.0'].map((text) => bytes.includes(text));
  expect(strings).toEqual([true, true, true]);
  expect(bytes.every((byte) => byte < 0x80)).toBe(true);
  expect(openapiV2().paths).toEqual({});
});

test('a document says that PATCH takes fieldValidation, which kubectl asks before it relies on it', () => {
  expect(openapiV3Document('example.com', 'v1', kinds)).toMatchObject({
    paths: {
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}': {
        patch: {
          parameters: expect.arrayContaining([
            expect.objectContaining({ name: 'fieldValidation', in: 'query' }),
          ]),
          'x-kubernetes-group-version-kind': { group: 'example.com', version: 'v1', kind: 'Widget' },
        },
      },
    },
  });
});
