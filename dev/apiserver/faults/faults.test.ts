import { describe, expect, test } from 'vitest';
import { configMap, configMapsPath, createTestApi, mergePatch } from '../testApi.ts';
import { metaOf, objectsAt } from '../values/json.ts';
import { ConnectionLost } from './faults.ts';

const onConfigMaps = { resources: ['configmaps'] };

test('an error status comes instead of the answer, and nothing was processed', async () => {
  const api = createTestApi();
  api.faults.add({ match: { verbs: ['create'] }, effect: { kind: 'error', status: 503 } });
  expect(await api.call('POST', configMapsPath, configMap('a'))).toMatchObject({
    status: 503,
    body: { kind: 'Status', reason: 'ServiceUnavailable', code: 503 },
  });
  api.faults.clear();
  expect((await api.call('GET', `${configMapsPath}/a`)).status).toBe(404);
});

test('429 carries Retry-After', async () => {
  const api = createTestApi();
  api.faults.add({ effect: { kind: 'error', status: 429, retryAfterSeconds: 3 } });
  expect(await api.call('GET', configMapsPath)).toMatchObject({
    status: 429,
    headers: { 'retry-after': '3' },
    body: { reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } },
  });
});

test.each(['error', 'disconnect'] as const)(
  '%s after: the answer is lost, the write is not',
  async (kind) => {
    const api = createTestApi();
    api.faults.add({
      effect: kind === 'error' ? { kind, status: 500, when: 'after' } : { kind, when: 'after' },
      times: 1,
    });
    const answer = api.call('POST', configMapsPath, configMap('a'));
    if (kind === 'error') expect((await answer).status).toBe(500);
    else await expect(answer).rejects.toThrow(ConnectionLost);
    expect((await api.call('GET', `${configMapsPath}/a`)).status).toBe(200);
  },
);

test('latency holds a call back for its time', async () => {
  const api = createTestApi();
  api.faults.add({ match: onConfigMaps, effect: { kind: 'latency', ms: 500 } });
  let done = false;
  const answer = api.call('POST', configMapsPath, configMap('a')).then(() => {
    done = true;
  });
  await api.clock.advance(499);
  expect(done).toBe(false);
  expect(api.state.list('configmaps')).toEqual([]);
  await api.clock.advance(1);
  await answer;
  expect(done).toBe(true);
});

describe('which calls', () => {
  test.each([
    [{ verbs: ['get'] }, [503, 200]],
    [{ resources: ['configmaps'] }, [503, 503]],
    [{ resources: ['secrets'] }, [200, 200]],
    [{ names: ['a'] }, [503, 200]],
    [{ namespaces: ['kube-system'] }, [200, 200]],
    [{ userAgent: 'test' }, [503, 503]],
    [{ userAgent: 'kubectl' }, [200, 200]],
    [{ subresources: ['status'] }, [200, 200]],
  ])('%j', async (match, expected) => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('a'));
    api.faults.add({ match, effect: { kind: 'error', status: 503 } });
    const statuses = [await api.call('GET', `${configMapsPath}/a`), await api.call('GET', configMapsPath)];
    expect(statuses.map(({ status }) => status)).toEqual(expected);
  });

  test('a fault hits its number of times and then no more; once removed, it hits no more', async () => {
    const api = createTestApi();
    api.faults.add({ effect: { kind: 'error', status: 500 }, times: 2 });
    const lasting = api.faults.add({ match: { verbs: ['list'] }, effect: { kind: 'error', status: 501 } });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await api.call('GET', configMapsPath)).status);
    expect(statuses).toEqual([500, 500, 501]);
    expect(api.faults.active().map(({ hits }) => hits)).toEqual([2, 1]);
    lasting.remove();
    expect((await api.call('GET', configMapsPath)).status).toBe(200);
  });

  test('by chance: about as often as said', async () => {
    const api = createTestApi();
    api.faults.add({ effect: { kind: 'error', status: 500 }, probability: 0.3 });
    let hits = 0;
    for (let i = 0; i < 500; i += 1) if ((await api.call('GET', configMapsPath)).status === 500) hits += 1;
    expect(hits).toBeGreaterThan(100);
    expect(hits).toBeLessThan(200);
  });

  test('what is no fault is refused', () => {
    const { faults } = createTestApi();
    expect(() => faults.add({ effect: { kind: 'error', status: 200 } })).toThrow('400');
    expect(() => faults.add({ effect: { kind: 'latency', ms: -1 } })).toThrow();
  });
});

describe('watches', () => {
  const bookmarks = { allowWatchBookmarks: 'true', timeoutSeconds: '300' };

  test('a frozen one delivers everything once it thaws, in order', async () => {
    const api = createTestApi();
    const watch = await api.watch(configMapsPath);
    const fault = api.faults.add({ match: onConfigMaps, effect: { kind: 'freezeWatch' } });
    await api.ok('POST', configMapsPath, configMap('a'));
    await api.ok('DELETE', `${configMapsPath}/a`);
    await api.clock.settle();
    expect(watch.seen()).toEqual([]);
    fault.remove();
    await api.ok('POST', configMapsPath, configMap('b'));
    await api.clock.settle();
    expect(watch.seen()).toEqual(['ADDED a', 'DELETED a', 'ADDED b']);
  });

  test('a half-open one never says anything again: no event, no bookmark, no end, though the fault be gone', async () => {
    const api = createTestApi();
    const watch = await api.watch(configMapsPath, bookmarks);
    const fault = api.faults.add({ match: onConfigMaps, effect: { kind: 'halfOpenWatch' } });
    await api.clock.settle();
    fault.remove();
    await api.ok('POST', configMapsPath, configMap('a'));
    await api.clock.advance(3_600_000);
    expect(watch).toMatchObject({ frames: [], ended: false });
    const next = await api.watch(configMapsPath);
    expect(next.seen()).toEqual(['ADDED a']);
  });

  test('dropped events are never heard of; bookmarks go past them', async () => {
    const api = createTestApi();
    const watch = await api.watch(configMapsPath, bookmarks);
    api.faults.add({ match: onConfigMaps, effect: { kind: 'dropEvents', types: ['MODIFIED'] }, times: 1 });
    await api.ok('POST', configMapsPath, configMap('a'));
    await api.ok('PATCH', `${configMapsPath}/a`, { data: { a: '2' } }, mergePatch);
    await api.ok('PATCH', `${configMapsPath}/a`, { data: { a: '3' } }, mergePatch);
    await api.clock.advance(60_000);
    expect(watch.seen()).toEqual(['ADDED a', 'MODIFIED a', 'BOOKMARK']);
    expect(watch.frames[1]?.object).toMatchObject({ data: { a: '3' } });
  });

  test('closed connections break off what they match', async () => {
    const api = createTestApi();
    const one = await api.watch(configMapsPath);
    const other = await api.watch('/api/v1/secrets');
    expect(api.faults.closeWatches({ resources: ['configmaps'] })).toBe(1);
    await api.clock.settle();
    expect(one.error).toBeInstanceOf(ConnectionLost);
    expect(other.ended).toBe(false);
    expect(api.faults.closeWatches()).toBe(1);
    expect(api.faults.closeWatches()).toBe(0);
  });
});

test('stale reads show the state of when the fault began, writes go on', async () => {
  const api = createTestApi();
  await api.ok('POST', configMapsPath, configMap('a'));
  const before = await api.ok('GET', configMapsPath);
  const fault = api.faults.add({
    match: { verbs: ['list', 'get'], ...onConfigMaps },
    effect: { kind: 'stale' },
  });
  await api.ok('PATCH', `${configMapsPath}/a`, { data: { a: '2' } }, mergePatch);
  await api.ok('POST', configMapsPath, configMap('b'));
  expect(await api.ok('GET', configMapsPath)).toEqual(before);
  expect(await api.ok('GET', `${configMapsPath}/a`)).toMatchObject({ data: { a: '1' } });
  expect((await api.call('GET', `${configMapsPath}/b`)).status).toBe(404);
  fault.remove();
  expect(objectsAt(await api.ok('GET', configMapsPath), 'items')).toHaveLength(2);
});

describe('over HTTP', () => {
  test('faults are added, listed and removed as JSON', async () => {
    const api = createTestApi();
    const { id } = await api.ok('POST', '/_control/faults', {
      match: { verbs: ['list'] },
      effect: { kind: 'error', status: 429, retryAfterSeconds: 1 },
    });
    expect((await api.call('GET', configMapsPath)).status).toBe(429);
    expect(await api.ok('GET', '/_control/faults')).toMatchObject({
      faults: [{ id, hits: 1, fault: { effect: { kind: 'error' } } }],
    });
    await api.ok('DELETE', `/_control/faults/${id}`);
    expect((await api.call('GET', configMapsPath)).status).toBe(200);
    expect((await api.call('DELETE', `/_control/faults/${id}`)).status).toBe(404);
    expect(await api.call('POST', '/_control/faults', { effect: { kind: 'magic' } })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('effect') },
    });
  });

  test('compaction and closed watches', async () => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('a'));
    const { resourceVersion = '' } = metaOf(await api.ok('GET', configMapsPath));
    expect(await api.ok('POST', '/_control/compact')).toEqual({ compacted: Number(resourceVersion) });
    await api.watch(configMapsPath);
    expect(await api.ok('POST', '/_control/close-watches', { verbs: ['watch'] })).toEqual({ closed: 1 });
    expect((await api.call('GET', '/_control/nothing')).status).toBe(404);
  });
});

describe('counters', () => {
  test('count every call by verb, resource, subresource, namespace and user agent', async () => {
    const api = createTestApi();
    await api.ok('POST', configMapsPath, configMap('a'), {
      userAgent: 'kubectl/v1.32.4 (linux/amd64) kubernetes/x',
    });
    await api.call('GET', configMapsPath);
    await api.call('GET', `${configMapsPath}/none`);
    await api.call('PATCH', '/apis/example.com/v1/namespaces/default/widgets/a/status', {}, mergePatch);
    expect(api.counters.rows()).toEqual([
      {
        verb: 'create',
        resource: 'configmaps',
        subresource: '',
        namespace: 'default',
        userAgent: 'kubectl/v1.32.4',
        count: 1,
      },
      {
        verb: 'list',
        resource: 'configmaps',
        subresource: '',
        namespace: 'default',
        userAgent: 'test/1',
        count: 1,
      },
      {
        verb: 'get',
        resource: 'configmaps',
        subresource: '',
        namespace: 'default',
        userAgent: 'test/1',
        count: 1,
      },
      {
        verb: 'patch',
        resource: 'widgets.example.com',
        subresource: 'status',
        namespace: 'default',
        userAgent: 'test/1',
        count: 1,
      },
    ]);
    expect(api.counters.total({ resource: 'configmaps' })).toBe(3);
    expect(api.counters.writes()).toBe(2);
    expect(api.counters.writes(['widgets.example.com'])).toBe(1);
    expect(await api.ok('GET', '/_control/counters')).toMatchObject({ calls: { length: 4 } });
    await api.ok('DELETE', '/_control/counters');
    expect(api.counters.total()).toBe(0);
  });
});
