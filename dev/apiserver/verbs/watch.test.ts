import { describe, expect, test } from 'vitest';
import {
  configMap,
  configMapsPath,
  createTestApi,
  createWidgetApi,
  mergePatch,
  type TestApi,
  widget,
  widgetsPath,
} from '../testApi.ts';
import { metaOf } from '../values/json.ts';

const version = async (api: TestApi, path = configMapsPath) =>
  String(metaOf(await api.ok('GET', path)).resourceVersion);

describe('where a watch begins', () => {
  test('after the resourceVersion named: nothing missing, nothing twice', async () => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('a'));
    const from = await version(api);
    await api.ok('POST', configMapsPath, configMap('b'));
    await api.ok('DELETE', `${configMapsPath}/a`);
    const watch = await api.watch(configMapsPath, { resourceVersion: from });
    await api.ok('PATCH', `${configMapsPath}/b`, { data: { a: '2' } }, mergePatch);
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED b', 'DELETED a', 'MODIFIED b']);
    const versions = watch.frames.map(({ object }) => Number(metaOf(object).resourceVersion));
    expect(versions).toEqual([...versions].sort((x, y) => x - y));
  });

  test.each([{}, { resourceVersion: '0' }])('with %j: what there is first, as ADDED', async (query) => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('b'));
    await api.ok('POST', configMapsPath, configMap('a'));
    const watch = await api.watch(configMapsPath, query as Record<string, string>);
    await api.ok('POST', configMapsPath, configMap('c'));
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
  });

  test('sendInitialEvents ends them with a bookmark that says so', async () => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('a'));
    const query = {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    };
    const watch = await api.watch(configMapsPath, query);
    expect(watch.seen()).toEqual(['ADDED a', 'BOOKMARK']);
    expect(watch.frames[1]?.object).toMatchObject({
      kind: 'ConfigMap',
      metadata: { resourceVersion: await version(api), annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    expect(
      (await api.call('GET', configMapsPath, undefined, { query: { watch: '1', sendInitialEvents: 'true' } }))
        .status,
    ).toBe(422);
  });

  test('from compacted history: HTTP 200, one ERROR frame with 410, the end', async () => {
    const api = createTestApi();
    const from = await version(api);
    await api.ok('POST', configMapsPath, configMap('a'));
    api.state.compact();
    const watch = await api.watch(configMapsPath, { resourceVersion: from });
    expect(watch.frames).toMatchObject([
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          code: 410,
          reason: 'Expired',
          message: expect.stringContaining('too old resource version'),
        },
      },
    ]);
    expect(watch.ended).toBe(true);
  });

  test('from a revision that is not reached yet: nothing until after it', async () => {
    const api = createTestApi();
    const watch = await api.watch(configMapsPath, { resourceVersion: String(api.state.revision() + 2) });
    for (const name of ['a', 'b', 'c']) await api.ok('POST', configMapsPath, configMap(name));
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED c']);
  });

  test('a compaction does not disturb a watch that has kept up', async () => {
    const api = createTestApi();
    const watch = await api.watch(configMapsPath);
    await api.ok('POST', configMapsPath, configMap('a'));
    api.state.compact();
    await api.ok('POST', configMapsPath, configMap('b'));
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED a', 'ADDED b']);
  });

  test('restored state ends every watch', async () => {
    const api = createTestApi();
    const dump = api.state.dump();
    await api.ok('POST', configMapsPath, configMap('a'));
    const watch = await api.watch(configMapsPath);
    api.state.load(dump);
    await api.clock.settle();
    expect(watch.ended).toBe(true);
    expect((await api.call('GET', `${configMapsPath}/a`)).status).toBe(404);
  });
});

describe('what a watch shows', () => {
  test('an object that starts or stops matching comes and goes', async () => {
    const api = createTestApi();
    const watch = await api.watch(configMapsPath, { labelSelector: 'on=yes' });
    await api.ok('POST', configMapsPath, configMap('a'));
    const label = (on: string) =>
      api.ok('PATCH', `${configMapsPath}/a`, { metadata: { labels: { on } } }, mergePatch);
    await label('yes');
    const left = await label('no');
    await label('maybe');
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED a', 'DELETED a']);
    expect(watch.frames[1]?.object).toMatchObject({
      metadata: { labels: { on: 'yes' }, resourceVersion: metaOf(left).resourceVersion },
    });
  });

  test('one namespace, one name, or all', async () => {
    const api = createTestApi();
    const all = await api.watch('/api/v1/configmaps');
    const here = await api.watch(configMapsPath);
    const one = await api.watch(`${configMapsPath}/b`);
    await api.ok('POST', configMapsPath, configMap('a'));
    await api.ok('POST', configMapsPath, configMap('b'));
    await api.ok('POST', '/api/v1/namespaces/kube-system/configmaps', configMap('c'));
    await api.clock.settle();
    expect([all.seen(), here.seen(), one.seen()]).toEqual([
      ['ADDED a', 'ADDED b', 'ADDED c'],
      ['ADDED a', 'ADDED b'],
      ['ADDED b'],
    ]);
  });

  test('metadata alone, bookmarks included', async () => {
    const api = createTestApi();
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const watch = await api.watch('/api/v1/secrets', { allowWatchBookmarks: 'true' }, accept);
    await api.ok('POST', '/api/v1/namespaces/default/secrets', {
      metadata: { name: 's' },
      stringData: { k: 'v' },
    });
    await api.clock.advance(60_000);
    expect(watch.frames.map(({ type, object }) => [type, object.kind, Object.keys(object).length])).toEqual([
      ['ADDED', 'PartialObjectMetadata', 3],
      ['BOOKMARK', 'PartialObjectMetadata', 3],
    ]);
  });

  test('rows of a table, whose columns come once', async () => {
    const api = await createWidgetApi();
    const watch = await api.watch(widgetsPath, {}, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    await api.ok('POST', widgetsPath, widget('a'));
    await api.ok('POST', widgetsPath, widget('b'));
    await api.clock.settle();
    const columns = watch.frames.map(({ object }) => Array.isArray(object.columnDefinitions));
    expect(columns).toEqual([true, false]);
    expect(watch.frames[1]?.object).toMatchObject({ kind: 'Table', rows: [{ cells: ['b', 1] }] });
  });
});

describe('how long a watch lasts', () => {
  test('bookmarks come once a minute to those who want them, and name the present revision', async () => {
    const api = createTestApi();
    const wanting = await api.watch(configMapsPath, { allowWatchBookmarks: 'true' });
    const other = await api.watch(configMapsPath);
    // Of another kind: the bookmark moves all the same.
    await api.ok('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
    await api.clock.advance(120_000);
    expect(wanting.seen()).toEqual(['BOOKMARK', 'BOOKMARK']);
    expect(metaOf(wanting.frames[0]?.object ?? {}).resourceVersion).toBe(String(api.state.revision()));
    expect(other.seen()).toEqual([]);
  });

  test('timeoutSeconds ends it cleanly; without, it lasts between 30 and 60 minutes', async () => {
    const api = createTestApi();
    const short = await api.watch(configMapsPath, { timeoutSeconds: '10' });
    const long = await api.watch(configMapsPath);
    await api.clock.advance(9_999);
    expect(short.ended).toBe(false);
    await api.clock.advance(1);
    expect(short).toMatchObject({ ended: true, error: undefined });
    await api.clock.advance(29 * 60_000);
    expect(long.ended).toBe(false);
    await api.clock.advance(31 * 60_000);
    expect(long.ended).toBe(true);
  });

  test('a closed watch leaves no timer behind', async () => {
    const api = createTestApi();
    const before = api.clock.pending();
    const watch = await api.watch(configMapsPath, { allowWatchBookmarks: 'true', timeoutSeconds: '600' });
    watch.close();
    await api.clock.settle();
    expect(api.clock.pending()).toBe(before);
  });
});
