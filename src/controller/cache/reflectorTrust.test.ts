import { afterEach, describe, expect, it } from 'vitest';
import {
  isList,
  live,
  PATH,
  setup,
  stopReflectors,
  type Thing,
} from '../../../test/support/cluster/reflectorHarness.ts';
import type { KubeRequest } from '../client/transport.ts';

afterEach(stopReflectors);

describe('what a reflector believes', () => {
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

  it('does not believe a replica that lags and answers only now and then: errors in between prove nothing', async () => {
    const t = setup({ rollbackAfterMs: 30_000 });
    t.put('a');
    t.api.freezeLists();
    t.start();
    await live(t, 10_000);
    t.put('b');
    t.api.remove(PATH, 'a');
    await t.clock.settle();
    let last: unknown;
    let lists = 0;
    const everyOther = (request: KubeRequest) => {
      if (!isList(request)) return false;
      if (request !== last) lists += 1;
      last = request;
      return lists % 2 === 0;
    };
    const away = {
      kind: 'answer',
      status: 503,
      body: { kind: 'Status', reason: 'ServiceUnavailable' },
    } as const;
    t.api.fault(everyOther, ...Array.from({ length: 50 }, () => away));
    t.api.compact();
    t.api.breakWatches();
    await t.clock.advance(10 * 60_000);
    expect(lists).toBeGreaterThan(10);
    expect(t.names()).toBe('b');
  });

  it('believes a server that was set back and has gone on beyond what was seen, once it lists, and notifies the others', async () => {
    let setBacks = 0;
    const t = setup({ onSetBack: () => (setBacks += 1) });
    t.put('a');
    t.put('d');
    const backup = t.api.snapshot();
    t.put('a', { color: 'red' });
    t.put('b');
    t.api.remove(PATH, 'd');
    t.start();
    await live(t, 10_000);
    expect(t.names()).toBe('a b');
    t.api.compact();
    t.api.breakWatches();
    await t.clock.advance(5_000);
    expect(setBacks).toBe(0);
    t.api.restore(backup);
    for (const name of ['e', 'f', 'g', 'h', 'i']) t.put(name);
    t.api.compact();
    t.api.breakWatches();
    await t.clock.advance(5_000);
    expect(t.names()).toBe('a d e f g h i');
    expect(t.store.get('a')?.color).toBeUndefined();
    expect(setBacks).toBe(1);
  });

  it('notifies the others of a server that was set back, once it believes it; each of them lists again', async () => {
    let setBacks = 0;
    const t = setup({ rollbackAfterMs: 30_000, onSetBack: () => (setBacks += 1) });
    t.put('a');
    const backup = t.api.snapshot();
    t.put('a', { color: 'red' });
    const reflector = t.start();
    await live(t, 10_000);
    // It has gone on beyond what was seen by the time it is watched again: versions alone show nothing.
    t.api.restore(backup);
    for (const name of ['b', 'c', 'd']) t.put(name);
    t.api.endWatches();
    await live(t, 90_000);
    expect(t.store.get('a')?.color).toBe('red');
    expect(setBacks).toBe(0);
    reflector.relist();
    await t.clock.advance(2_000);
    expect(t.store.get('a')?.color).toBeUndefined();
    expect(reflector.lastError()).toBeUndefined();
    expect(setBacks).toBe(1);
    t.api.restore(backup);
    t.api.breakWatches();
    t.api.compact();
    await t.clock.advance(90_000);
    expect(t.names()).toBe('a');
    expect(setBacks).toBe(2);
    const lists = t.calls('GET');
    await live(t, 90_000);
    expect(t.calls('GET')).toBe(lists);
  });

  // A server accepts a watch from a version that it has yet to reach, and is silent up to there.
  describe.each<[string, (t: ReturnType<typeof setup>) => unknown]>([
    ['says at which version it is', (t) => t.api.bookmark()],
    ['says nothing for as long as bookmarks are apart', (t) => t.clock.advance(90_000)],
  ])('a server that was set back %s', (_what, reveal) => {
    it('is asked for a list, and believed once it has said so for long', async () => {
      const t = setup({ rollbackAfterMs: 30_000, idleTimeoutMs: 90_000 });
      t.put('a');
      const backup = t.api.snapshot();
      t.put('a', { color: 'red' });
      t.put('b');
      t.start();
      await live(t, 10_000);
      t.api.restore(backup);
      t.api.endWatches();
      await t.clock.advance(2_000);
      expect(t.names()).toBe('a b');
      await reveal(t);
      await t.clock.advance(60_000);
      expect(t.names()).toBe('a');
      expect(t.store.get('a')?.color).toBeUndefined();
    });
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

  it('keeps only metadata when asked to, even if the server sends more', async () => {
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

  it('resolves what waits for it once it synced, or rejects once it never will', async () => {
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

  it('leaves nothing behind when it stops at any moment', async () => {
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
