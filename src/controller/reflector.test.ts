import { afterEach, describe, expect, it } from 'vitest';
import { BAD_LINE, createFakeKubeApi } from '../../test/support/fakeKubeApi.ts';
import { seededRandom } from '../../test/support/seededRandom.ts';
import { recordingLogger } from '../../test/support/silentLogger.ts';
import { createVirtualClock } from '../../test/support/virtualClock.ts';
import type { KubeObject, Resource } from './client.ts';
import { createRuntimeMetrics } from './metrics.ts';
import { type Reflector, type ReflectorOptions, startReflector } from './reflector.ts';
import { createStore, type StoreEvent } from './store.ts';
import type { KubeRequest } from './transport.ts';

interface Thing extends KubeObject {
  color?: unknown;
  data?: unknown;
}

const THINGS: Resource = { group: 'example.com', version: 'v1', plural: 'things', namespaced: true };
const PATH = '/apis/example.com/v1/things';
const isWatch = (request: KubeRequest) => request.query?.watch === 'true';
const isList = (request: KubeRequest) => !isWatch(request);

const running: Reflector[] = [];
afterEach(async () => {
  for (const reflector of running.splice(0)) await reflector.stop();
});

function setup(options: Partial<ReflectorOptions<Thing>> = {}) {
  const clock = createVirtualClock();
  const api = createFakeKubeApi(clock);
  const store = createStore<Thing>();
  const { logger, lines } = recordingLogger();
  const events: StoreEvent<Thing>[] = [];
  store.onChange((event) => events.push(event));
  const names = () => store.keys().sort().join(' ');
  const start = () => {
    const common = { transport: api, resource: THINGS, store, clock, random: seededRandom(), logger };
    const reflector = startReflector<Thing>({ ...common, metrics: createRuntimeMetrics(), ...options });
    running.push(reflector);
    return reflector;
  };
  const put = (name: string, extra: object = {}) => api.put(PATH, { metadata: { name }, ...extra });
  const calls = (verb: string) => api.log.filter((line) => line.startsWith(verb)).length;
  return { clock, api, store, events, lines, names, start, put, calls };
}

/** Lives through `ms` as a server does that sends a bookmark every 30 s. */
async function live(t: ReturnType<typeof setup>, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 30_000) {
    await t.clock.advance(Math.min(left, 30_000));
    t.api.bookmark();
  }
  await t.clock.settle();
}

describe('reflector', () => {
  it('lists page by page, then follows', async () => {
    const t = setup({ pageSize: 2 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) t.put(name);
    const reflector = t.start();
    expect(reflector.hasSynced()).toBe(false);
    await t.clock.settle();
    expect(reflector.hasSynced()).toBe(true);
    expect(t.calls('GET')).toBe(3);
    t.put('f');
    t.api.remove(PATH, 'a');
    t.put('b', { color: 'red' });
    await t.clock.settle();
    expect(t.names()).toBe('b c d e f');
    expect(t.store.get('b')?.color).toBe('red');
    expect(t.calls('WATCH')).toBe(1);
  });

  it('resumes where it was when the server ends or breaks the watch, and lists no second time', async () => {
    const t = setup();
    t.put('a');
    t.start();
    await live(t, 60_000);
    t.api.endWatches();
    t.put('b');
    await t.clock.settle();
    expect(t.names()).toBe('a b');
    await live(t, 60_000);
    t.api.breakWatches();
    t.put('c');
    await t.clock.settle();
    expect(t.names()).toBe('a b c');
    expect(t.calls('GET')).toBe(1);
  });

  it('resumes from a bookmark, so that a quiet resource is not compacted away under it', async () => {
    const t = setup();
    t.put('a');
    t.start();
    await t.clock.settle();
    t.api.put('/apis/example.com/v1/others', { metadata: { name: 'x' } });
    t.api.bookmark();
    await t.clock.settle();
    expect(t.store.resourceVersion()).toBe(t.api.version());
  });

  it('lists anew when its version is compacted, whether by status or by event', async () => {
    const t = setup();
    t.put('a');
    t.start();
    await live(t, 60_000);
    t.api.breakWatches();
    t.api.remove(PATH, 'a');
    t.put('b');
    t.api.compact();
    await t.clock.settle();
    expect(t.names()).toBe('b');
    await live(t, 60_000);
    t.api.fault(isWatch, { kind: 'answer', status: 410, body: { kind: 'Status', reason: 'Expired' } });
    t.api.breakWatches();
    t.put('c');
    await t.clock.advance(2_000);
    expect(t.names()).toBe('b c');
    expect(t.calls('GET')).toBe(3);
    expect(t.events.filter((event) => event.object.metadata.name === 'a').map((event) => event.type)).toEqual(
      ['added', 'deleted'],
    );
  });

  it('notices a half-open watch by its silence', async () => {
    const t = setup({ idleTimeoutMs: 90_000 });
    t.put('a');
    t.start();
    await live(t, 60_000);
    t.api.freezeWatches();
    t.put('b');
    await t.clock.advance(89_000);
    expect(t.names()).toBe('a');
    await t.clock.advance(1_000);
    expect(t.names()).toBe('a b');
    expect(t.calls('GET')).toBe(1);
  });

  it('does not list again within a storm of failures, and comes back at most every 30 s', async () => {
    const t = setup();
    t.put('a');
    const reflector = t.start();
    await live(t, 10_000);
    const refusal = {
      kind: 'answer',
      status: 500,
      body: { kind: 'Status', reason: 'InternalError' },
    } as const;
    t.api.fault(isWatch, ...Array.from({ length: 12 }, () => refusal));
    t.api.breakWatches();
    const before = t.calls('WATCH');
    const times: number[] = [];
    let seen = before;
    while (t.calls('WATCH') < before + 13) {
      await t.clock.advance(100);
      for (; seen < t.calls('WATCH'); seen++) times.push(t.clock.monotonic());
      if (times.length > 0 && times.length < 13) expect(reflector.lastError()).toBeDefined();
    }
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps[0]).toBeLessThanOrEqual(1_700);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_100);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(800);
    expect(t.calls('GET')).toBe(1);
    t.put('b');
    await t.clock.settle();
    expect(t.names()).toBe('a b');
    expect(reflector.lastError()).toBeUndefined();
  });

  it('does not spin on a server that closes every watch at once', async () => {
    const t = setup();
    t.put('a');
    t.start();
    for (let i = 0; i < 1_200; i++) {
      await t.clock.advance(100);
      t.api.endWatches();
    }
    expect(t.calls('WATCH')).toBeLessThan(15);
    expect(t.calls('GET')).toBe(1);
  });

  it('waits as long as a 429 asks', async () => {
    const t = setup();
    const busy = { kind: 'answer', status: 429, headers: { 'retry-after': '20' }, body: {} } as const;
    t.api.fault(isList, busy);
    const reflector = t.start();
    await t.clock.advance(19_900);
    expect(t.calls('GET')).toBe(1);
    await t.clock.advance(200);
    expect(reflector.hasSynced()).toBe(true);
  });

  it('lists anew after a line that is not JSON, for it may have been an event', async () => {
    const t = setup();
    t.put('a');
    t.start();
    await live(t, 60_000);
    t.api.dropNextEvent();
    t.put('b');
    t.api.send(BAD_LINE);
    await t.clock.settle();
    expect(t.names()).toBe('a b');
    expect(t.calls('GET')).toBe(2);
  });

  it('lists anew after a line that is no watch event', async () => {
    const t = setup();
    t.start();
    await live(t, 60_000);
    for (const nonsense of [
      null,
      5,
      { type: 'ADDED' },
      { type: 'MODIFIED', object: { metadata: {} } },
      { type: '?' },
    ]) {
      t.api.send(nonsense);
      await live(t, 60_000);
    }
    expect(t.calls('GET')).toBe(6);
  });

  it('ignores a stale list until the server has caught up', async () => {
    const t = setup();
    t.put('a');
    const thaw = t.api.freezeLists();
    const reflector = t.start();
    await live(t, 10_000);
    t.put('b');
    t.api.remove(PATH, 'a');
    await t.clock.settle();
    t.api.compact();
    t.api.breakWatches();
    t.events.splice(0);
    await t.clock.advance(5_000);
    expect(t.names()).toBe('b');
    expect(t.events).toEqual([]);
    expect(reflector.lastError()?.message).toContain('the server lags');
    thaw();
    t.put('c');
    await t.clock.advance(30_000);
    expect(t.names()).toBe('b c');
    expect(t.events.map((event) => event.type)).toEqual(['added']);
  });

  it('believes a server that was set back, once it has said so for long', async () => {
    const t = setup({ rollbackAfterMs: 30_000 });
    t.put('a');
    const backup = t.api.snapshot();
    t.put('a', { color: 'red' });
    t.put('b');
    t.start();
    await live(t, 10_000);
    expect(t.names()).toBe('a b');
    t.api.restore(backup);
    t.api.breakWatches();
    await t.clock.advance(20_000);
    expect(t.store.get('a')?.color).toBe('red');
    await t.clock.advance(60_000);
    expect(t.names()).toBe('a');
    expect(t.store.get('a')?.color).toBeUndefined();
    t.put('c');
    await t.clock.settle();
    expect(t.names()).toBe('a c');
  });

  it('leaves out a version that does not decode, keeps the one before, says no value, and goes on', async () => {
    const decode = (raw: unknown) => {
      const thing = raw as Thing;
      if (thing.color === 's3cr3t') throw new TypeError(`no color: ${thing.color}`);
      return thing;
    };
    const t = setup({ decode });
    t.put('a', { color: 's3cr3t' });
    t.put('b', { color: 'blue' });
    const reflector = t.start();
    await live(t, 10_000);
    expect(reflector.hasSynced()).toBe(true);
    expect(t.names()).toBe('b');
    t.put('b', { color: 's3cr3t' });
    t.put('c', { color: 'red' });
    await t.clock.settle();
    expect(t.names()).toBe('b c');
    expect(t.store.get('b')?.color).toBe('blue');
    t.api.compact();
    t.api.breakWatches();
    await t.clock.advance(5_000);
    expect(t.names()).toBe('b c');
    expect(JSON.stringify(t.lines)).not.toContain('s3cr3t');
    expect(t.lines.filter((line) => line.key === 'b')).not.toEqual([]);
    t.api.remove(PATH, 'b');
    await t.clock.settle();
    expect(t.names()).toBe('c');
  });

  it('outlives a listener that throws', async () => {
    const t = setup();
    t.store.onChange(() => {
      throw new Error('a bug');
    });
    t.put('a');
    const reflector = t.start();
    await t.clock.settle();
    t.put('b');
    await t.clock.settle();
    expect(reflector.hasSynced()).toBe(true);
    expect(t.names()).toBe('a b');
    expect(t.calls('WATCH')).toBe(1);
  });

  it('keeps nothing but metadata when asked to, whatever the server sends', async () => {
    const t = setup({ metadataOnly: true });
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 's3cr3t' };
    const secret = { metadata: { name: 'a', annotations, labels: { x: 'y' } }, data: { key: 's3cr3t' } };
    t.api.put(PATH, secret);
    t.start();
    await t.clock.settle();
    t.api.put(PATH, { ...secret, metadata: { ...secret.metadata, name: 'b' } });
    await t.clock.settle();
    expect(t.names()).toBe('a b');
    expect(t.store.get('a')?.metadata.labels).toEqual({ x: 'y' });
    expect(JSON.stringify(t.store.list())).not.toContain('s3cr3t');
    expect(t.api.requests.every((request) => request.accept?.includes('as=PartialObjectMetadata'))).toBe(
      true,
    );
    expect(t.api.requests.some((request) => request.accept?.includes(',application/json'))).toBe(false);
  });

  it('tells who waits for it that it synced, or that it never will', async () => {
    const t = setup();
    t.api.fault(isList, { kind: 'answer', status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    const reflector = t.start();
    const giveUp = new AbortController();
    const impatient = reflector.waitForSync(giveUp.signal);
    const patient = reflector.waitForSync();
    await t.clock.settle();
    giveUp.abort();
    expect(await impatient).toBe(false);
    expect(reflector.lastError()).toMatchObject({ status: 403 });
    await t.clock.advance(2_000);
    expect(await patient).toBe(true);
    expect(await reflector.waitForSync()).toBe(true);
  });

  it('leaves nothing behind when it stops, whatever it is doing', async () => {
    for (const at of [0, 1, 50, 5_000]) {
      const t = setup();
      t.api.fault(isList, { kind: 'delayAnswer', ms: 40 }, { kind: 'lose' });
      const reflector = t.start();
      await t.clock.advance(at);
      const stopped = reflector.stop();
      await t.clock.advance(100_000);
      await stopped;
      expect(t.clock.pending()).toBe(0);
      expect(t.api.watches()).toBe(0);
    }
  });
});
