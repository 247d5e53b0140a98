import { afterEach, describe, expect, it } from 'vitest';
import { BAD_LINE } from '../../../test/support/cluster/fakeKubeApi.ts';
import {
  isList,
  isWatch,
  live,
  PATH,
  setup,
  stopReflectors,
} from '../../../test/support/cluster/reflectorHarness.ts';

afterEach(stopReflectors);

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

  it('lists again when its version is compacted, whether by status or by event', async () => {
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

  it('pauses between lists whose pages expire, however often they do', async () => {
    const t = setup();
    const expired = { kind: 'answer', status: 410, body: { kind: 'Status', reason: 'Expired' } } as const;
    t.api.fault(isList, ...Array.from({ length: 1_000 }, () => expired));
    t.start();
    await t.clock.advance(60_000);
    expect(t.calls('GET')).toBeLessThan(10);
  });

  it('notices a half-open watch by its silence, and lists: only a list shows what it missed', async () => {
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
    expect(t.calls('GET')).toBe(2);
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

  it('lists again after a line that is not JSON, for it may have been an event', async () => {
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

  it('lists again after a line that is no watch event', async () => {
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
});
