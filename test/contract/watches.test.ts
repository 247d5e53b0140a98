import { expect, test } from 'vitest';
import { metaOf, objectAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { ACCEPT_METADATA } from '../../src/controller/client/kubeClient.ts';
import { type Api, merge, versionOf } from './support/api.ts';
import { allWidgets, configMap, configMapsIn, widget, widgetsIn } from './support/kinds.ts';
import { contract } from './support/servers.ts';
import { named } from './support/watches.ts';

async function listVersion(api: Api, path: string): Promise<string> {
  return versionOf(await api.ok('GET', path));
}

contract('watches', (api) => {
  test('from a list’s version it sends every change since, in order, with rising versions', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('before'));
    const resourceVersion = await listVersion(api, widgets);
    await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    const watch = await api.watch(widgets, { resourceVersion });
    await api.ok('PATCH', `${widgets}/a/status`, { status: { note: 'n' } }, merge);
    await api.ok('POST', widgets, widget('b'));
    await api.ok('DELETE', `${widgets}/a`);
    const frames = await watch.take(5);
    expect(frames.map(named)).toEqual(['ADDED a', 'MODIFIED a', 'MODIFIED a', 'ADDED b', 'DELETED a']);
    const versions = frames.map(({ object }) => Number(versionOf(object)));
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    // The last state, under the version of the deletion.
    expect(frames[4]?.object).toMatchObject({ spec: { size: 2 }, status: { note: 'n' } });
    watch.close();
  });

  test('a write’s answer and its frame are the same object', async () => {
    const widgets = widgetsIn(await api.namespace());
    const resourceVersion = await listVersion(api, widgets);
    const watch = await api.watch(widgets, { resourceVersion });
    const made = await api.ok('POST', widgets, widget('a'));
    const patched = await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    expect((await watch.take(2)).map(({ object }) => object)).toEqual([made, patched]);
    watch.close();
  });

  test('a watcher resumes at the last version it saw and misses nothing', async () => {
    const widgets = widgetsIn(await api.namespace());
    const first = await api.watch(widgets, { resourceVersion: await listVersion(api, widgets) });
    await api.ok('POST', widgets, widget('a'));
    const [frame] = await first.take(1);
    first.close();
    await api.ok('POST', widgets, widget('b'));
    await api.ok('DELETE', `${widgets}/b`);
    const second = await api.watch(widgets, { resourceVersion: versionOf(frame?.object ?? {}) });
    expect(await second.takeNamed(2)).toEqual(['ADDED b', 'DELETED b']);
    second.close();
  });

  test.each<Record<string, string>>([{}, { resourceVersion: '0' }])(
    '%o: what is there comes first, as ADDED',
    async (query) => {
      const widgets = widgetsIn(await api.namespace());
      await api.ok('POST', widgets, widget('a'));
      await api.ok('POST', widgets, widget('b'));
      const resourceVersion = await listVersion(api, widgets);
      // From version 0 a cache may answer that lags; once it has sent b to a later watch, it doesn't.
      const watch = await api.watch(widgets, query);
      expect((await watch.takeNamed(2)).sort()).toEqual(['ADDED a', 'ADDED b']);
      await api.ok('POST', widgets, widget('c'));
      const [frame] = await watch.take(1);
      expect(Number(versionOf(frame?.object ?? {}))).toBeGreaterThan(Number(resourceVersion));
      watch.close();
    },
  );

  test('a write that changes nothing reaches no watch', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    const watch = await api.watch(widgets, { resourceVersion: await listVersion(api, widgets) });
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    await api.ok('POST', widgets, widget('b'));
    expect(await watch.takeNamed(1)).toEqual(['ADDED b']);
    watch.close();
  });

  test('an object that begins to match is ADDED, one that ceases to is DELETED', async () => {
    const widgets = widgetsIn(await api.namespace());
    const resourceVersion = await listVersion(api, widgets);
    const watch = await api.watch(widgets, { resourceVersion, labelSelector: 'l=1' });
    await api.ok('POST', widgets, widget('a'));
    await api.ok('PATCH', `${widgets}/a`, { metadata: { labels: { l: '1' } } }, merge);
    await api.ok('PATCH', `${widgets}/a`, { spec: { size: 2 } }, merge);
    const left = await api.ok('PATCH', `${widgets}/a`, { metadata: { labels: { l: '2' } } }, merge);
    await api.ok('POST', widgets, widget('b', {}, { metadata: { labels: { l: '1' } } }));
    const frames = await watch.take(4);
    expect(frames.map(named)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);
    const last = frames[2]?.object ?? {};
    expect(metaOf(last).labels).toEqual({ l: '1' });
    expect(versionOf(last)).toBe(versionOf(left));
    watch.close();
  });

  test('one object is watched by its name, across namespaces by none', async () => {
    const [one, other] = [await api.namespace(), await api.namespace()];
    const resourceVersion = await listVersion(api, allWidgets);
    const byName = await api.watch(widgetsIn(one), { resourceVersion, fieldSelector: 'metadata.name=b' });
    const everywhere = await api.watch(allWidgets, { resourceVersion });
    await api.ok('POST', widgetsIn(one), widget('a'));
    await api.ok('POST', widgetsIn(other), widget('b'));
    await api.ok('POST', widgetsIn(one), widget('b'));
    expect(await everywhere.takeNamed(3)).toEqual(['ADDED a', 'ADDED b', 'ADDED b']);
    const [frame] = await byName.take(1);
    expect(metaOf(frame?.object ?? {})).toMatchObject({ name: 'b', namespace: one });
    byName.close();
    everywhere.close();
  });

  test('a bookmark comes before the watch’s time is up, with a version to resume from', async () => {
    const namespace = await api.namespace();
    const configMaps = configMapsIn(namespace);
    const resourceVersion = await listVersion(api, configMaps);
    const query = { resourceVersion, allowWatchBookmarks: 'true', timeoutSeconds: '4' };
    const watch = await api.watch(configMaps, query);
    // Not of this namespace: nothing of it but the bookmark's version comes here.
    const elsewhere = await api.ok('POST', configMapsIn(await api.namespace()), configMap('a'));
    const frames = await watch.rest();
    expect([...new Set(frames.map(named))]).toEqual(['BOOKMARK']);
    const { object = {} } = frames.at(-1) ?? {};
    expect(object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
    expect(Number(versionOf(object))).toBeGreaterThanOrEqual(Number(versionOf(elsewhere)));
  });

  test('a watch that asks for none gets no bookmark, and ends in good order when its time is up', async () => {
    const widgets = widgetsIn(await api.namespace());
    const watch = await api.watch(widgets, { timeoutSeconds: '3' });
    expect(await watch.rest()).toEqual([]);
  });

  test('sendInitialEvents: the present state, then a bookmark that says so', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    const watch = await api.watch(widgets, {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    });
    const [added, bookmark] = await watch.take(2);
    expect(added && named(added)).toBe('ADDED a');
    expect(bookmark?.type).toBe('BOOKMARK');
    expect(objectAt(metaOf(bookmark?.object ?? {}), 'annotations')).toEqual({
      'k8s.io/initial-events-end': 'true',
    });
    expect(Number(versionOf(bookmark?.object ?? {}))).toBeGreaterThanOrEqual(
      Number(versionOf(added?.object ?? {})),
    );
    watch.close();
    expect(
      await api.refused('GET', widgets, undefined, { query: { watch: 'true', sendInitialEvents: 'true' } }),
    ).toEqual({
      code: 422,
      reason: 'Invalid',
      causes: ['FieldValueForbidden resourceVersionMatch'],
    });
  });

  test('from before history’s beginning it gets 410 Expired, in an ERROR frame', async () => {
    const widgets = widgetsIn(await api.namespace());
    await api.ok('POST', widgets, widget('a'));
    await api.compact();
    const watch = await api.watch(widgets, { resourceVersion: '1' });
    const [frame, ...more] = await watch.rest();
    expect(watch.status).toBe(200);
    expect(frame?.type).toBe('ERROR');
    expect(frame?.object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired', status: 'Failure' });
    expect(more).toEqual([]);
  });

  test('a version that is no number is a bad request to a list, and a failure to a watch', async () => {
    const widgets = widgetsIn(await api.namespace());
    const query = { resourceVersion: 'x' };
    expect(await api.refused('GET', widgets, undefined, { query })).toMatchObject({
      code: 400,
      reason: 'BadRequest',
    });
    expect((await api.refused('GET', widgets, undefined, { query: { ...query, watch: 'true' } })).code).toBe(
      500,
    );
  });

  test('metadata alone: objects without their content, bookmarks too', async () => {
    const namespace = await api.namespace();
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const resourceVersion = await listVersion(api, secrets);
    const query = { resourceVersion, allowWatchBookmarks: 'true', timeoutSeconds: '4' };
    const watch = await api.watch(secrets, query, ACCEPT_METADATA);
    const secret: JsonObject = { metadata: { name: 'a' }, stringData: { key: 'value' } };
    const made = await api.ok('POST', secrets, secret);
    const [added, ...bookmarks] = await watch.rest();
    expect(added).toEqual({
      type: 'ADDED',
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: made.metadata },
    });
    const { object = {} } = bookmarks.at(-1) ?? {};
    expect(object).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' });
    expect(bookmarks.every(({ type }) => type === 'BOOKMARK')).toBe(true);
    expect(bookmarks.length).toBeGreaterThan(0);
  });

  test('as a table: columns in the first frame alone', async () => {
    const widgets = widgetsIn(await api.namespace());
    const resourceVersion = await listVersion(api, widgets);
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const watch = await api.watch(widgets, { resourceVersion }, accept);
    await api.ok('POST', widgets, widget('a'));
    await api.ok('DELETE', `${widgets}/a`);
    const frames = await watch.take(2);
    expect(frames.map(({ type, object }) => [type, object.kind])).toEqual([
      ['ADDED', 'Table'],
      ['DELETED', 'Table'],
    ]);
    expect(
      frames.map(
        ({ object }) => Array.isArray(object.columnDefinitions) && object.columnDefinitions.length > 0,
      ),
    ).toEqual([true, false]);
    watch.close();
  });
});
