import { beforeEach, describe, expect, test } from 'vitest';
import {
  configMap,
  configMapsPath,
  createTestApi,
  createWidgetApi,
  type TestApi,
  widget,
  widgetsPath,
} from '../testApi.ts';
import { metaOf, objectsAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

const names = (list: JsonObject): unknown[] => objectsAt(list, 'items').map((item) => metaOf(item).name);
const everywhere = '/api/v1/configmaps';

async function five(): Promise<TestApi> {
  const api = createTestApi();
  for (const name of ['e', 'd', 'c', 'b', 'a']) {
    await api.ok(
      'POST',
      configMapsPath,
      configMap(name, { labels: { name, tier: name < 'c' ? 'low' : 'high' } }),
    );
  }
  await api.ok(
    'POST',
    '/api/v1/namespaces/kube-system/configmaps',
    configMap('a', { labels: { other: '1' } }),
  );
  return api;
}

describe('selecting', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await five();
  });

  test('in one namespace or in all, in key order', async () => {
    expect(names(await api.ok('GET', configMapsPath))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(names(await api.ok('GET', everywhere))).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
  });

  test.each([
    ['tier=low', ['a', 'b']],
    ['tier==low,name!=a', ['b']],
    ['name in (a, e)', ['a', 'e']],
    ['name notin (a,b,c,d)', ['e', 'a']],
    ['tier!=low', ['c', 'd', 'e', 'a']],
    ['other', ['a']],
    ['!tier', ['a']],
    ['tier,name in (c),tier=high', ['c']],
  ])('labelSelector %s', async (labelSelector, expected) => {
    expect(names(await api.ok('GET', everywhere, undefined, { query: { labelSelector } }))).toEqual(expected);
  });

  test.each([
    ['metadata.name=c', ['c']],
    ['metadata.name!=a', ['b', 'c', 'd', 'e']],
    ['metadata.namespace=kube-system,metadata.name=a', ['a']],
  ])('fieldSelector %s', async (fieldSelector, expected) => {
    expect(names(await api.ok('GET', everywhere, undefined, { query: { fieldSelector } }))).toEqual(expected);
  });

  test.each([
    { labelSelector: 'a=(b' },
    { fieldSelector: 'spec.size=1' },
    { fieldSelector: 'metadata.name' },
    { continue: 'nonsense' },
    { resourceVersion: 'x' },
    { limit: 'x' },
  ] as Record<string, string>[])('%j is a 400', async (query) => {
    expect(await api.call('GET', everywhere, undefined, { query })).toMatchObject({
      status: 400,
      body: { reason: 'BadRequest' },
    });
  });

  test.each([
    [{ resourceVersionMatch: 'Exact' }, 'FieldValueForbidden', 'resourceVersionMatch'],
    [{ resourceVersionMatch: 'Exact', resourceVersion: '0' }, 'FieldValueForbidden', 'resourceVersionMatch'],
    [
      { resourceVersionMatch: 'Some', resourceVersion: '1' },
      'FieldValueNotSupported',
      'resourceVersionMatch',
    ],
    [{ sendInitialEvents: 'true' }, 'FieldValueForbidden', 'sendInitialEvents'],
    [{ watch: '1', resourceVersionMatch: 'NotOlderThan' }, 'FieldValueForbidden', 'resourceVersionMatch'],
  ] as [Record<string, string>, string, string][])('%j is invalid: %s %s', async (query, reason, field) => {
    expect(await api.call('GET', everywhere, undefined, { query })).toMatchObject({
      status: 422,
      body: { reason: 'Invalid', details: { kind: 'ListOptions', causes: [{ reason, field }] } },
    });
  });
});

describe('pages', () => {
  test('limit and continue give the whole list in parts, all of one revision', async () => {
    const api = await five();
    const first = await api.ok('GET', configMapsPath, undefined, { query: { limit: '2' } });
    expect(names(first)).toEqual(['a', 'b']);
    expect(metaOf(first).remainingItemCount).toBe(3);
    await api.ok('DELETE', `${configMapsPath}/c`);
    await api.ok('POST', configMapsPath, configMap('cc'));
    const token = String(metaOf(first).continue);
    const second = await api.ok('GET', configMapsPath, undefined, { query: { limit: '2', continue: token } });
    expect(names(second)).toEqual(['c', 'd']);
    const rest = { limit: '2', continue: String(metaOf(second).continue) };
    const third = await api.ok('GET', configMapsPath, undefined, { query: rest });
    expect(names(third)).toEqual(['e']);
    expect(metaOf(third)).toEqual({ resourceVersion: metaOf(first).resourceVersion });
  });

  test('a token outlived by its history is 410 with one that goes on with the present', async () => {
    const api = await five();
    const first = await api.ok('GET', configMapsPath, undefined, { query: { limit: '2' } });
    await api.ok('DELETE', `${configMapsPath}/c`);
    api.state.compact();
    const token = String(metaOf(first).continue);
    const expired = await api.call('GET', configMapsPath, undefined, {
      query: { limit: '2', continue: token },
    });
    expect(expired).toMatchObject({ status: 410, body: { reason: 'Expired' } });
    const next = { limit: '2', continue: String(metaOf(expired.body).continue) };
    expect(names(await api.ok('GET', configMapsPath, undefined, { query: next }))).toEqual(['d', 'e']);
  });
});

describe('resourceVersion', () => {
  test('Exact shows that revision, NotOlderThan the newest, one not reached yet is 504', async () => {
    const api = await five();
    const { resourceVersion = '' } = metaOf(await api.ok('GET', configMapsPath));
    await api.ok('DELETE', `${configMapsPath}/a`);
    const at = (query: Record<string, string>) => api.call('GET', configMapsPath, undefined, { query });
    const version = String(resourceVersion);
    const exact = await at({ resourceVersion: version, resourceVersionMatch: 'Exact' });
    expect(names(exact.body)).toContain('a');
    expect(metaOf(exact.body).resourceVersion).toBe(version);
    expect(
      names((await at({ resourceVersion: version, resourceVersionMatch: 'NotOlderThan' })).body),
    ).not.toContain('a');
    expect(names((await at({ resourceVersion: '0' })).body)).not.toContain('a');
    expect(await at({ resourceVersion: '99999' })).toMatchObject({
      status: 504,
      body: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
    });
    api.state.compact();
    expect((await at({ resourceVersion: version, resourceVersionMatch: 'Exact' })).status).toBe(410);
  });
});

describe('forms', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

  test('items of built-in lists carry no kind, those of custom resources do', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    await api.ok('POST', configMapsPath, configMap('a'));
    const [item = {}] = objectsAt(await api.ok('GET', configMapsPath), 'items');
    expect(Object.keys(item)).not.toContain('kind');
    expect(objectsAt(await api.ok('GET', widgetsPath), 'items')).toMatchObject([
      { kind: 'Widget', apiVersion: 'example.com/v1' },
    ]);
  });

  test('metadata alone, of lists and of single objects', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const list = await api.ok('GET', widgetsPath, undefined, { accept });
    expect(list).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    const [item = {}] = objectsAt(list, 'items');
    expect(Object.keys(item).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
    expect(item).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
    const one = await api.ok('GET', `${widgetsPath}/a`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    expect(one).toEqual(item);
  });

  test('tables, of lists and of single objects', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a', { spec: { size: 4 } }));
    for (const path of [widgetsPath, `${widgetsPath}/a`]) {
      expect(await api.ok('GET', path, undefined, { accept: table })).toMatchObject({
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion: expect.stringMatching(/^\d+$/) },
        columnDefinitions: [{ name: 'Name' }, { name: 'Size' }],
        rows: [{ cells: ['a', 4], object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } }],
      });
    }
    const whole = { accept: table, query: { includeObject: 'Object' } };
    expect(objectsAt(await api.ok('GET', widgetsPath, undefined, whole), 'rows')).toMatchObject([
      { object: { kind: 'Widget', spec: { size: 4 } } },
    ]);
  });

  test('errors and deletions stay a Status in each form', async () => {
    const api = await createWidgetApi();
    expect(await api.call('GET', `${widgetsPath}/none`, undefined, { accept: table })).toMatchObject({
      status: 404,
      body: { kind: 'Status', message: 'widgets.example.com "none" not found' },
    });
    await api.ok('POST', widgetsPath, widget('a'));
    expect(await api.ok('DELETE', `${widgetsPath}/a`, undefined, { accept: table })).toMatchObject({
      kind: 'Status',
    });
  });
});

test.each([
  ['GET', '/api/v1/gadgets', 404],
  ['POST', '/apis/authentication.k8s.io/v1/selfsubjectwhims', 404],
  ['GET', '/nothing/here', 404],
  ['POST', `${configMapsPath}/a`, 405],
  ['POST', everywhere, 405],
  ['PUT', configMapsPath, 405],
  ['DELETE', '/api/v1/namespaces', 405],
  ['OPTIONS', configMapsPath, 405],
])('%s %s is a Status with code %i', async (method, path, status) => {
  const api = createTestApi();
  expect(await api.call(method, path, method === 'GET' ? undefined : {})).toMatchObject({
    status,
    body: { kind: 'Status', code: status },
  });
});

test.each(['/healthz', '/readyz', '/livez'])('%s says ok', async (path) => {
  const response = await createTestApi().call('GET', path);
  expect(response).toMatchObject({ status: 200, body: 'ok' });
});
