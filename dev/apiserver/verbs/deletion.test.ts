import { describe, expect, test } from 'vitest';
import {
  configMap,
  configMapsPath,
  crdsPath,
  createTestApi,
  createWidgetApi,
  jsonPatch,
  mergePatch,
  settledWidget,
  widget,
  widgetCrd,
  widgetsPath,
} from '../testApi.ts';
import { metaOf, objectsAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

const one = `${widgetsPath}/a`;
const held = widget('a', { metadata: { name: 'a', finalizers: ['example.com/hold'] } });

describe('finalizers', () => {
  test('without one an object goes at once, and the answer is a Status', async () => {
    const api = await createWidgetApi();
    const { uid } = metaOf(await api.ok('POST', widgetsPath, widget('a')));
    expect(await api.ok('DELETE', one)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', group: 'example.com', kind: 'widgets', uid },
    });
    expect((await api.call('DELETE', one)).status).toBe(404);
  });

  test('with one it is marked, once, and goes with its last finalizer', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, held);
    const watch = await api.watch(widgetsPath);
    await api.clock.advance(5_000);
    const marked = await api.ok('DELETE', one);
    expect(metaOf(marked)).toMatchObject({
      deletionTimestamp: '2026-01-01T00:00:05Z',
      deletionGracePeriodSeconds: 0,
      generation: 2,
    });
    await api.clock.advance(5_000);
    expect(await api.ok('DELETE', one)).toEqual(marked);
    expect(await api.ok('GET', one)).toEqual(marked);
    const last = await api.ok('PATCH', one, { metadata: { finalizers: null } }, mergePatch);
    expect(metaOf(last).finalizers).toBeUndefined();
    expect((await api.call('GET', one)).status).toBe(404);
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    const gone = metaOf(watch.frames[2]?.object ?? {});
    expect(Number(gone.resourceVersion)).toBeGreaterThan(Number(metaOf(marked).resourceVersion));
  });

  test('while an object is being deleted, finalizers can only be taken away', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, held);
    await api.ok('DELETE', one);
    const more = { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } };
    expect(await api.call('PATCH', one, more, mergePatch)).toMatchObject({
      status: 422,
      body: { details: { causes: [{ field: 'metadata.finalizers', reason: 'FieldValueForbidden' }] } },
    });
    expect(
      (await api.call('PATCH', one, { metadata: { deletionTimestamp: null } }, mergePatch)).body,
    ).toMatchObject({
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    expect(
      (await api.call('PATCH', `${one}/status`, { status: { note: 'still here' } }, mergePatch)).status,
    ).toBe(200);
  });

  test('a status write cannot take the last finalizer', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, held);
    await api.ok('DELETE', one);
    await api.ok('PATCH', `${one}/status`, { metadata: { finalizers: null }, status: {} }, mergePatch);
    expect(metaOf(await api.ok('GET', one)).finalizers).toEqual(['example.com/hold']);
  });
});

describe('options', () => {
  test('preconditions on uid and resourceVersion', async () => {
    const api = await createWidgetApi();
    const { uid = '', resourceVersion = '' } = metaOf(await api.ok('POST', widgetsPath, widget('a')));
    for (const preconditions of [{ uid: 'other' }, { resourceVersion: '1' }]) {
      expect(await api.call('DELETE', one, { preconditions })).toMatchObject({
        status: 409,
        body: { reason: 'Conflict' },
      });
    }
    expect((await api.call('DELETE', one, { preconditions: { uid, resourceVersion } })).status).toBe(200);
  });

  test('propagation policies are taken, others refused', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, widget('a'));
    expect((await api.call('DELETE', one, { propagationPolicy: 'Sideways' })).status).toBe(400);
    expect(
      (
        await api.call('DELETE', one, {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: 'Foreground',
        })
      ).status,
    ).toBe(200);
  });

  test('deletecollection takes what its selectors match', async () => {
    const api = createTestApi();
    for (const name of ['a', 'b', 'c']) {
      await api.ok('POST', configMapsPath, configMap(name, { labels: { odd: String(name !== 'b') } }));
    }
    await api.ok('DELETE', configMapsPath, undefined, { query: { labelSelector: 'odd=true' } });
    const { items } = await api.ok('GET', configMapsPath);
    expect((items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});

describe('namespaces', () => {
  const inFoo = '/apis/example.com/v1/namespaces/foo/widgets';
  const foo = '/api/v1/namespaces/foo';

  test('the cluster begins with its usual ones, which cannot be deleted', async () => {
    const api = createTestApi();
    const { items } = await api.ok('GET', '/api/v1/namespaces');
    expect(items).toMatchObject(
      ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => ({
        metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
        status: { phase: 'Active' },
      })),
    );
    expect(await api.call('DELETE', '/api/v1/namespaces/kube-system')).toMatchObject({
      status: 403,
      body: { message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted' },
    });
  });

  test('nothing is created where there is none', async () => {
    const api = await createWidgetApi();
    expect(await api.call('POST', inFoo, widget('a'))).toMatchObject({
      status: 404,
      body: { message: 'namespaces "foo" not found' },
    });
  });

  test('a deleted namespace takes its content along', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', '/api/v1/namespaces', { metadata: { name: 'foo' } });
    await api.ok('POST', inFoo, widget('a'));
    await api.ok('POST', `${foo}/secrets`, { metadata: { name: 's' } });
    const watch = await api.watch('/api/v1/namespaces', { fieldSelector: 'metadata.name=foo' });
    expect(await api.ok('DELETE', foo)).toMatchObject({
      kind: 'Namespace',
      status: { phase: 'Terminating' },
    });
    expect((await api.call('GET', foo)).status).toBe(404);
    expect((await api.call('GET', `${inFoo}/a`)).status).toBe(404);
    expect((await api.call('GET', `${foo}/secrets/s`)).status).toBe(404);
    await api.clock.settle();
    expect(watch.seen().at(-1)).toBe('DELETED foo');
  });

  test('a terminating namespace waits for finalizers and takes nothing new', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', '/api/v1/namespaces', { metadata: { name: 'foo' } });
    await api.ok('POST', inFoo, held);
    await api.ok('POST', `${foo}/secrets`, { metadata: { name: 's' } });
    await api.ok('DELETE', foo);
    expect(await api.ok('GET', foo)).toMatchObject({
      status: { phase: 'Terminating' },
      spec: { finalizers: ['kubernetes'] },
    });
    expect((await api.call('GET', `${foo}/secrets/s`)).status).toBe(404);
    for (const path of [`${foo}/events`, `${foo}/secrets`]) {
      expect(
        await api.call('POST', path, { metadata: { name: 'new' }, involvedObject: { namespace: 'foo' } }),
      ).toMatchObject({
        status: 403,
        body: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
      });
    }
    await api.ok('PATCH', `${inFoo}/a`, { metadata: { finalizers: [] } }, mergePatch);
    expect((await api.call('GET', foo)).status).toBe(404);
  });
});

describe('custom resource definitions', () => {
  test('applying one serves its kind, and says so', async () => {
    const api = createTestApi();
    expect((await api.call('GET', widgetsPath)).status).toBe(404);
    await api.ok('POST', crdsPath, widgetCrd);
    expect(await api.ok('GET', `${crdsPath}/widgets.example.com`)).toMatchObject({
      metadata: { generation: 1 },
      spec: { names: { listKind: 'WidgetList' } },
      status: {
        acceptedNames: { kind: 'Widget' },
        storedVersions: ['v1'],
        conditions: [
          { type: 'NamesAccepted', status: 'True' },
          { type: 'Established', status: 'True' },
        ],
      },
    });
    expect(await api.ok('GET', widgetsPath)).toMatchObject({
      kind: 'WidgetList',
      apiVersion: 'example.com/v1',
      items: [],
    });
  });

  test('versions are views of one storage; a version no longer served is gone', async () => {
    const api = createTestApi();
    const crd = structuredClone(widgetCrd);
    const versions = (crd.spec as { versions: JsonObject[] }).versions;
    versions.push({ ...structuredClone(versions[0]), name: 'v2', storage: false });
    await api.ok('POST', crdsPath, crd);
    const made = await settledWidget(api, 'a');
    const v2 = '/apis/example.com/v2/namespaces/default/widgets';
    expect(await api.ok('GET', `${v2}/a`)).toEqual({ ...made, apiVersion: 'example.com/v2' });
    expect(await api.ok('PATCH', `${v2}/a`, { spec: { size: 1 } }, mergePatch)).toEqual({
      ...made,
      apiVersion: 'example.com/v2',
    });
    expect(objectsAt(await api.ok('GET', widgetsPath), 'items')).toMatchObject([
      { apiVersion: 'example.com/v1' },
    ]);
    const unserve = [{ op: 'replace', path: '/spec/versions/1/served', value: false }];
    await api.ok('PATCH', `${crdsPath}/widgets.example.com`, unserve, jsonPatch);
    expect((await api.call('GET', v2)).status).toBe(404);
  });

  test('one that does not compile is refused, and leaves what is served as it was', async () => {
    const api = await createWidgetApi();
    const rule = [{ rule: 'self.nothing > (', message: 'x' }];
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations';
    const broken = await api.call(
      'PATCH',
      `${crdsPath}/widgets.example.com`,
      [{ op: 'replace', path, value: rule }],
      {
        contentType: 'application/json-patch+json',
      },
    );
    expect(broken).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect((await api.call('POST', widgetsPath, widget('a'))).status).toBe(201);
  });

  test('deleting one deletes its objects first', async () => {
    const api = await createWidgetApi();
    await api.ok('POST', widgetsPath, held);
    await api.ok('POST', widgetsPath, widget('b'));
    await api.ok('DELETE', `${crdsPath}/widgets.example.com`);
    expect(await api.ok('GET', widgetsPath)).toMatchObject({ items: [{ metadata: { name: 'a' } }] });
    expect((await api.call('POST', widgetsPath, widget('c'))).status).toBe(405);
    await api.ok('PATCH', one, { metadata: { finalizers: null } }, mergePatch);
    expect((await api.call('GET', `${crdsPath}/widgets.example.com`)).status).toBe(404);
    expect((await api.call('GET', widgetsPath)).status).toBe(404);
  });
});
