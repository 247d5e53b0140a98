import { describe, expect, test } from 'vitest';
import { createTestApi, mergePatch, strategicPatch } from './testApi.ts';
import { metaOf, objectsAt } from './values/json.ts';
import type { JsonObject } from './values/kinds.ts';

const secrets = '/api/v1/namespaces/default/secrets';
const configMaps = '/api/v1/namespaces/default/configmaps';
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const core = '/api/v1/namespaces/default/events';
const events = '/apis/events.k8s.io/v1/namespaces/default/events';
const accounts = '/api/v1/namespaces/default/serviceaccounts';

describe('Secret', () => {
  test('stringData becomes data, wins over it, and is never shown', async () => {
    const api = createTestApi();
    const made = await api.ok('POST', secrets, {
      metadata: { name: 's' },
      data: { a: 'QQ==', b: 'Qg==' },
      stringData: { a: 'α' },
    });
    expect(made).toMatchObject({
      kind: 'Secret',
      apiVersion: 'v1',
      type: 'Opaque',
      data: { a: 'zrE=', b: 'Qg==' },
    });
    expect(made.stringData).toBeUndefined();
    const patched = await api.ok('PATCH', `${secrets}/s`, { stringData: { c: 'x' } }, strategicPatch);
    expect(patched.data).toEqual({ a: 'zrE=', b: 'Qg==', c: 'eA==' });
  });

  test.each([
    ['data that is no base64', { data: { a: 'not base64!' } }, 400],
    ['data that is no string', { data: { a: 1 } }, 400],
    ['a key with a slash', { data: { 'a/b': 'QQ==' } }, 422],
    ['a TLS secret without its key', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'QQ==' } }, 422],
    ['more than a mebibyte', { stringData: { a: 'x'.repeat(1024 * 1024 + 1) } }, 422],
  ])('%s is refused', async (_, fields, status) => {
    expect((await createTestApi().call('POST', secrets, { metadata: { name: 's' }, ...fields })).status).toBe(
      status,
    );
  });

  test('its type is immutable; with immutable: true so is its data, and that flag itself', async () => {
    const api = createTestApi();
    await api.ok('POST', secrets, { metadata: { name: 's' }, stringData: { a: '1' } });
    const patch = (body: JsonObject) => api.call('PATCH', `${secrets}/s`, body, mergePatch);
    expect((await patch({ type: 'other' })).status).toBe(422);
    expect((await patch({ immutable: true })).status).toBe(200);
    expect((await patch({ stringData: { a: '2' } })).status).toBe(422);
    expect((await patch({ immutable: null })).status).toBe(422);
    expect((await patch({ metadata: { labels: { still: 'fine' } } })).status).toBe(200);
  });

  test('field selectors know its type', async () => {
    const api = createTestApi();
    await api.ok('POST', secrets, { metadata: { name: 'a' } });
    await api.ok('POST', secrets, { metadata: { name: 'b' }, type: 'mine' });
    const list = await api.ok('GET', secrets, undefined, { query: { fieldSelector: 'type=mine' } });
    expect(objectsAt(list, 'items')).toMatchObject([{ metadata: { name: 'b' } }]);
  });
});

test('ConfigMap: binaryData is base64, immutable ones stay as they are', async () => {
  const api = createTestApi();
  expect(
    (await api.call('POST', configMaps, { metadata: { name: 'c' }, binaryData: { a: '?' } })).status,
  ).toBe(400);
  await api.ok('POST', configMaps, { metadata: { name: 'c' }, data: { a: '1' }, immutable: true });
  expect((await api.call('PATCH', `${configMaps}/c`, { data: { a: '2' } }, mergePatch)).status).toBe(422);
});

test('ServiceAccount: deletion answers with the object', async () => {
  const api = createTestApi();
  await api.ok('POST', accounts, { metadata: { name: 'a' } });
  expect(await api.ok('DELETE', `${accounts}/a`)).toMatchObject({
    kind: 'ServiceAccount',
    metadata: { name: 'a' },
  });
});

describe('Lease', () => {
  const spec = { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' };

  test('times have exactly six digits', async () => {
    const api = createTestApi();
    expect((await api.call('POST', leases, { metadata: { name: 'l' }, spec })).status).toBe(201);
    for (const renewTime of ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z', 'now']) {
      const answer = await api.call('PATCH', `${leases}/l`, { spec: { renewTime } }, mergePatch);
      expect(answer).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('.000000Z07:00') },
      });
    }
  });

  test('durations are positive, transitions not negative', async () => {
    const api = createTestApi();
    const answer = await api.call('POST', leases, {
      metadata: { name: 'l' },
      spec: { ...spec, leaseDurationSeconds: 0, leaseTransitions: -1 },
    });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        details: { causes: [{ field: 'spec.leaseDurationSeconds' }, { field: 'spec.leaseTransitions' }] },
      },
    });
  });

  test('two who renew from one version: the second conflicts', async () => {
    const api = createTestApi();
    const made = await api.ok('PUT', `${leases}/l`, { metadata: { name: 'l' }, spec });
    const renew = (holderIdentity: string) =>
      api.call('PUT', `${leases}/l`, { ...made, spec: { ...spec, holderIdentity } });
    expect((await renew('a')).status).toBe(200);
    expect((await renew('b')).status).toBe(409);
  });
});

describe('Event', () => {
  const event = (name: string, rest: JsonObject = {}): JsonObject => ({
    metadata: { name },
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'example.com/op',
    reportingInstance: 'op-1',
    action: 'Launch',
    reason: 'Launching',
    type: 'Normal',
    regarding: { apiVersion: 'example.com/v1', kind: 'Widget', namespace: 'default', name: 'w', uid: 'u' },
    note: 'hello',
    ...rest,
  });

  test('one storage, seen through two versions', async () => {
    const api = createTestApi();
    const made = await api.ok('POST', events, event('e'));
    expect(made).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'hello', regarding: { name: 'w' } });
    const seen = await api.ok('GET', `${core}/e`);
    expect(seen).toMatchObject({
      apiVersion: 'v1',
      kind: 'Event',
      message: 'hello',
      reportingComponent: 'example.com/op',
      involvedObject: { name: 'w' },
      metadata: metaOf(made),
    });
    // As the real type writes them: kubectl get events --sort-by=.lastTimestamp shows nothing where it is missing.
    expect(seen).toMatchObject({ firstTimestamp: null, lastTimestamp: null, source: {} });
    const watch = await api.watch(events);
    await api.ok('POST', core, {
      metadata: { name: 'old' },
      involvedObject: { namespace: 'default', name: 'w' },
      message: 'm',
      count: 3,
      source: { component: 'c' },
    });
    await api.clock.settle();
    expect(watch.frames[1]?.object).toMatchObject({
      note: 'm',
      deprecatedCount: 3,
      deprecatedSource: { component: 'c' },
    });
    await api.ok('DELETE', `${core}/e`);
    expect((await api.call('GET', `${events}/e`)).status).toBe(404);
  });

  test('what describe asks for: by involved object, reason and type', async () => {
    const api = createTestApi();
    await api.ok('POST', events, event('a'));
    await api.ok('POST', events, event('b', { type: 'Warning', reason: 'Stuck' }));
    await api.ok(
      'POST',
      events,
      event('c', { regarding: { kind: 'Widget', namespace: 'default', name: 'x' } }),
    );
    const found = async (fieldSelector: string) =>
      objectsAt(await api.ok('GET', core, undefined, { query: { fieldSelector } }), 'items').map(
        (item) => metaOf(item).name,
      );
    expect(
      await found(
        'involvedObject.name=w,involvedObject.namespace=default,involvedObject.kind=Widget,involvedObject.uid=u',
      ),
    ).toEqual(['a', 'b']);
    expect(await found('type=Warning')).toEqual(['b']);
    expect(await found('reason!=Stuck')).toEqual(['a', 'c']);
    const query = { fieldSelector: 'regarding.name=x,reportingController=example.com/op' };
    expect(objectsAt(await api.ok('GET', events, undefined, { query }), 'items')).toMatchObject([
      { metadata: { name: 'c' } },
    ]);
  });

  test.each([
    [{ eventTime: null }, 'eventTime'],
    [{ reportingController: '-' }, 'reportingController'],
    [{ reportingInstance: 'x'.repeat(129) }, 'reportingInstance'],
    [{ action: null }, 'action'],
    [{ reason: null }, 'reason'],
    [{ note: 'x'.repeat(1025) }, 'message'],
    [{ type: 'Odd' }, 'type'],
    [{ deprecatedCount: 1 }, 'count'],
    [{ series: { count: 1, lastObservedTime: '2026-01-01T00:00:00.000000Z' } }, 'series.count'],
  ] as [JsonObject, string][])('events.k8s.io refuses %j', async (change, field) => {
    const answer = await createTestApi().call('POST', events, event('e', change));
    expect(answer).toMatchObject({ status: 422, body: { details: { causes: [{ field }] } } });
  });

  test('only the series of an event changes later', async () => {
    const api = createTestApi();
    await api.ok('POST', events, event('e'));
    const patch = (body: JsonObject) => api.call('PATCH', `${events}/e`, body, mergePatch);
    expect(
      (await patch({ series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' } })).status,
    ).toBe(200);
    expect(await patch({ note: 'changed' })).toMatchObject({
      status: 422,
      body: { details: { causes: [{ field: 'message' }] } },
    });
  });

  test('events of cluster-scoped objects live in default or kube-system', async () => {
    const api = createTestApi();
    const regarding = { kind: 'WidgetClass', name: 'c' };
    expect((await api.call('POST', events, event('e', { regarding }))).status).toBe(201);
    await api.ok('POST', '/api/v1/namespaces', { metadata: { name: 'foo' } });
    const elsewhere = '/apis/events.k8s.io/v1/namespaces/foo/events';
    expect((await api.call('POST', elsewhere, event('e', { regarding }))).status).toBe(422);
  });
});
