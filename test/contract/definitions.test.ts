import { expect, test } from 'vitest';
import { metaOf, objectAt, objectsAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { type Api, generationOf, json, merge, versionOf } from './support/api.ts';
import { install } from './support/kinds.ts';
import { contract } from './support/servers.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const text: JsonObject = { type: 'string' };
let made = 0;

/** A kind of this test's own, with these fields in its spec. */
function definition(properties: JsonObject, rest: JsonObject = {}): JsonObject {
  made += 1;
  const group = `t${made}.contract.example.com`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
          },
        },
      ],
      ...rest,
    },
  };
}

const pathOf = (crd: JsonObject): string => `${CRDS}/${metaOf(crd).name}`;

async function thingsIn(api: Api, crd: JsonObject): Promise<string> {
  const group = objectAt(crd, 'spec').group;
  return `/apis/${group}/v1/namespaces/${await api.namespace()}/things`;
}

function thing(crd: JsonObject, spec: JsonObject): JsonObject {
  const group = objectAt(crd, 'spec').group;
  return { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'a' }, spec };
}

function withFields(properties: JsonObject): JsonObject[] {
  const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties';
  return [{ op: 'replace', path, value: properties }];
}

contract('a definition that changes', (api) => {
  test('holds of what was made before: what it gains is filled in, what it loses is not shown', async () => {
    const crd = definition({ kept: text, lost: text });
    await install(api, crd);
    const things = await thingsIn(api, crd);
    const before = await api.ok('POST', things, thing(crd, { kept: 'k', lost: 'l' }));
    const gained = { type: 'string', default: 'd' };
    await api.ok('PATCH', pathOf(crd), withFields({ kept: text, gained }), json);
    await expect
      .poll(async () => (await api.ok('GET', `${things}/a`)).spec)
      .toEqual({ kept: 'k', gained: 'd' });
    const shown = await api.ok('GET', `${things}/a`);
    expect([versionOf(shown), generationOf(shown)]).toEqual([versionOf(before), 1]);
    const [listed] = objectsAt(await api.ok('GET', things), 'items');
    expect(listed?.spec).toEqual({ kept: 'k', gained: 'd' });
    const next = await api.ok('PATCH', `${things}/a`, { spec: { kept: 'm' } }, merge);
    expect([next.spec, generationOf(next)]).toEqual([{ kept: 'm', gained: 'd' }, 2]);
  });

  test('a rule that it gains holds of the next write, not of what is there', async () => {
    const crd = definition({ size: { type: 'integer' } });
    await install(api, crd);
    const things = await thingsIn(api, crd);
    await api.ok('POST', things, thing(crd, { size: 9 }));
    await api.ok('PATCH', pathOf(crd), withFields({ size: { type: 'integer', maximum: 5 } }), json);
    await expect
      .poll(
        async () =>
          (await api.call('POST', things, { ...thing(crd, { size: 9 }), metadata: { name: 'b' } })).status,
      )
      .toBe(422);
    expect((await api.ok('GET', `${things}/a`)).spec).toEqual({ size: 9 });
    expect(await api.refused('PATCH', `${things}/a`, { spec: { size: 8 } }, merge)).toMatchObject({
      causes: ['FieldValueInvalid spec.size'],
    });
    // An old error that stays as it is blocks no update.
    await api.ok('PATCH', `${things}/a`, { metadata: { labels: { l: '1' } } }, merge);
  });

  test('its group and scope stay', async () => {
    const crd = definition({ kept: text });
    await install(api, crd);
    expect(await api.refused('PATCH', pathOf(crd), { spec: { scope: 'Cluster' } }, merge)).toMatchObject({
      code: 422,
      reason: 'Invalid',
      causes: expect.arrayContaining(['FieldValueInvalid spec.scope']),
    });
  });

  test('deleted, it takes its objects along, and may come again', async () => {
    const crd = definition({ kept: text });
    await install(api, crd);
    const things = await thingsIn(api, crd);
    await api.ok('POST', things, thing(crd, { kept: 'k' }));
    await api.ok('DELETE', pathOf(crd));
    await expect.poll(async () => (await api.call('GET', pathOf(crd))).status).toBe(404);
    await expect.poll(async () => (await api.call('GET', things)).status).toBe(404);
    await install(api, crd);
    expect((await api.ok('GET', things)).items).toEqual([]);
  });
});

contract('a definition is refused', (api) => {
  test.each([
    ['with a name that isn’t its plural and group', { metadata: { name: 'other.example.com' } }],
    ['without a version that is stored', { storage: false }],
    ['with a field of no type', { schema: { kept: { description: 'of no type' } } }],
    ['with a default that its schema refuses', { schema: { kept: { type: 'string', default: 1 } } }],
    [
      'with a rule that doesn’t compile',
      { schema: { kept: { ...text, 'x-kubernetes-validations': [{ rule: 'self.' }] } } },
    ],
    [
      'with a rule of no type',
      { schema: { kept: { ...text, 'x-kubernetes-validations': [{ rule: 'self + 1 > 2' }] } } },
    ],
  ] as [string, { metadata?: JsonObject; storage?: boolean; schema?: JsonObject }][])(
    '%s',
    async (_, change) => {
      const crd = definition(change.schema ?? { kept: text });
      const [version = {}] = objectsAt(objectAt(crd, 'spec'), 'versions');
      const spec = {
        ...objectAt(crd, 'spec'),
        versions: [{ ...version, storage: change.storage ?? true }],
      };
      const body = { ...crd, metadata: change.metadata ?? metaOf(crd), spec };
      const { code, reason } = await api.refused('POST', CRDS, body, { query: { dryRun: 'All' } });
      expect([code, reason]).toEqual([422, 'Invalid']);
    },
  );
});
