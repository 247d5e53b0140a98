import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type LaunchRecord, StoreUnavailable } from '../store/heartbeatStore.ts';
import { createEvidencePoller, type EvidencePoller } from './evidencePoller.ts';

let poller: EvidencePoller;
afterEach(() => poller.stop());

function row(uid: string, version: string, over: Partial<LaunchRecord> = {}): LaunchRecord {
  return { uid, number: 1, fresh: true, reports: 0, acknowledged: false, version, ...over };
}

/** A store whose rows the test writes; transitions answer with all rows, as an overlap may. */
function setUp() {
  const clock = createVirtualClock();
  const store = {
    rows: [] as LaunchRecord[],
    gatewayUp: true,
    gatewayUpMs: 3_600_000,
    away: false,
    calls: [] as string[],
    async markSilent() {
      if (store.away) throw new StoreUnavailable('away');
      return 0;
    },
    async readAll() {
      store.calls.push('all');
      return {
        rows: store.rows.map((r) => ({ ...r })),
        cursor: String(clock.monotonic()),
        gatewayUp: store.gatewayUp,
        gatewayUpMs: store.gatewayUpMs,
      };
    },
    async transitions(cursor: string) {
      store.calls.push(cursor);
      return {
        rows: store.rows.map((r) => ({ ...r })),
        cursor: String(clock.monotonic()),
        gatewayUp: store.gatewayUp,
        gatewayUpMs: store.gatewayUpMs,
      };
    },
  };
  const changes: string[] = [];
  const warnings: string[] = [];
  const polls = { count: 0, news: [] as boolean[] };
  poller = createEvidencePoller({
    store,
    clock,
    logger: pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) }),
    onChange: (uid) => changes.push(uid),
    onPoll(isNew) {
      polls.count += 1;
      polls.news.push(isNew);
    },
  });
  return { clock, store, changes, warnings, polls };
}

test('everything is read at the start, then transitions from where the last read ended', async () => {
  const { clock, store, changes } = setUp();
  store.rows = [row('a', '1'), row('b', '1')];
  poller.start();
  await clock.advance(2_500);
  expect(store.calls).toEqual(['all', '0', '1000']);
  expect(changes).toEqual(['a', 'b']);
  expect(poller.available()).toBe(true);
});

test('a row that comes again unchanged is no change, a new version of it is one', async () => {
  const { clock, store, changes } = setUp();
  store.rows = [row('a', '1')];
  poller.start();
  await clock.advance(5_000);
  expect(changes).toEqual(['a']);
  store.rows = [row('a', '2', { fresh: false })];
  await clock.advance(1_000);
  expect(changes).toEqual(['a', 'a']);
  expect(poller.ofWorkspace('a')).toMatchObject([{ fresh: false }]);
});

test('a poll is news after which any row may be another: a new version, and each read of everything', async () => {
  const { clock, store, polls } = setUp();
  store.rows = [row('a', '1')];
  poller.start();
  await clock.advance(2_500);
  expect(polls.news).toEqual([true, false, false]);
  store.rows = [row('a', '2', { fresh: false })];
  await clock.advance(1_000);
  store.away = true;
  await clock.advance(1_000);
  expect(polls.news.slice(3)).toEqual([true, false]);
  store.away = false;
  await clock.advance(60_000);
  expect(polls.news.filter(Boolean)).toHaveLength(3);
});

test('all launches of a Workspace are there', async () => {
  const { clock, store } = setUp();
  store.rows = [row('a', '1'), row('a', '1', { number: 2 })];
  poller.start();
  await clock.settle();
  expect(poller.ofWorkspace('a').map(({ number }) => number)).toEqual([1, 2]);
  expect(poller.ofWorkspace('b')).toEqual([]);
});

test('one missed poll is nothing; a store away for several is evidence missing, and its return makes the loop look', async () => {
  const { clock, store, changes } = setUp();
  store.rows = [row('a', '1')];
  poller.start();
  await clock.advance(1_000);
  store.away = true;
  await clock.advance(4_000);
  expect(poller.available()).toBe(true);
  await clock.advance(2_000);
  expect(poller.available()).toBe(false);
  expect(poller.ofWorkspace('a')).toHaveLength(1);
  store.away = false;
  await clock.advance(1_000);
  expect(poller.available()).toBe(true);
  expect(changes).toEqual(['a', 'a']);
});

test('after a gap everything is read: what is lost is known to be', async () => {
  const { clock, store, changes } = setUp();
  store.rows = [row('a', '1'), row('b', '1')];
  poller.start();
  await clock.advance(1_000);
  store.away = true;
  await clock.advance(7_000);
  store.away = false;
  store.rows = [row('b', '2')];
  await clock.advance(1_000);
  expect(store.calls.at(-1)).toBe('all');
  expect(poller.ofWorkspace('a')).toEqual([]);
  expect(changes.slice(2).sort()).toEqual(['a', 'b']);
});

test('a store that is away is said once, from the first poll on, and again after it was there', async () => {
  const { clock, store, warnings } = setUp();
  store.away = true;
  poller.start();
  await clock.advance(30_000);
  expect(warnings).toHaveLength(1);
  store.away = false;
  await clock.advance(5_000);
  store.away = true;
  await clock.advance(30_000);
  expect(warnings).toHaveLength(2);
});

test('a store that hangs is as good as away', async () => {
  const { clock, store } = setUp();
  poller.start();
  await clock.advance(1_000);
  let release: (silent: number) => void = () => undefined;
  store.markSilent = () => new Promise((resolve) => (release = resolve));
  await clock.advance(10_000);
  expect(poller.available()).toBe(false);
  release(0);
});

test('evidence that lapses between two polls without an error is missing all the same, and its return is reported', async () => {
  const { clock, store, changes } = setUp();
  store.rows = [row('a', '1')];
  poller.start();
  await clock.advance(1_000);
  let release: (silent: number) => void = () => undefined;
  store.markSilent = () => new Promise((resolve) => (release = resolve));
  await clock.advance(8_000);
  expect(poller.available()).toBe(false);
  store.markSilent = () => Promise.resolve(0);
  release(0);
  await clock.advance(1_000);
  expect(changes).toEqual(['a', 'a']);
});

test('without a gateway there is no evidence', async () => {
  const { clock, store } = setUp();
  store.gatewayUp = false;
  poller.start();
  await clock.advance(1_000);
  expect(poller.available()).toBe(false);
  store.gatewayUp = true;
  await clock.advance(1_000);
  expect(poller.available()).toBe(true);
});

test('a full read now and then forgets what was pruned', async () => {
  const { clock, store, changes } = setUp();
  store.rows = [row('a', '1')];
  poller.start();
  await clock.advance(1_000);
  store.rows = [];
  await clock.advance(60_000);
  expect(poller.ofWorkspace('a')).toEqual([]);
  expect(changes).toEqual(['a', 'a']);
});

test('nothing is left running after a stop', async () => {
  const { clock } = setUp();
  poller.start();
  await clock.advance(1_000);
  await poller.stop();
  expect(clock.pending()).toBe(0);
});

test('it reports since when evidence is available; a gap, seen by a poll or not, starts that again', async () => {
  const { clock, store } = setUp();
  poller.start();
  await clock.advance(3_000);
  expect(poller.availableSince()).toBe(0);
  store.gatewayUp = false;
  await clock.advance(1_000);
  expect(poller.availableSince()).toBeUndefined();
  store.gatewayUp = true;
  await clock.advance(3_000);
  expect(poller.availableSince()).toBe(5_000);
  let release: (silent: number) => void = () => undefined;
  store.markSilent = () => new Promise((resolve) => (release = resolve));
  await clock.advance(6_500);
  expect(poller.availableSince()).toBeUndefined();
  store.markSilent = () => Promise.resolve(0);
  release(0);
  await clock.advance(3_000);
  expect(poller.availableSince()).toBeGreaterThanOrEqual(8_000);
});

test('a gap that only the database’s own record of the gateways shows begins it again', async () => {
  const { clock, store } = setUp();
  poller.start();
  await clock.advance(60_000);
  expect(poller.availableSince()).toBe(0);
  store.gatewayUpMs = 250;
  await clock.advance(1_000);
  expect(poller.availableSince()).toBe(60_750);
  store.gatewayUpMs = 3_600_000;
  await clock.advance(1_000);
  expect(poller.availableSince()).toBe(60_750);
});

test('it reports what is missing, and each poll that is over, answered or not', async () => {
  const { clock, store, polls } = setUp();
  store.away = true;
  poller.start();
  await clock.advance(1_500);
  expect(poller.missing()).toBe('Database');
  expect(polls.count).toBe(2);
  store.away = false;
  store.gatewayUp = false;
  await clock.advance(1_000);
  expect(poller.missing()).toBe('Gateway');
  store.gatewayUp = true;
  await clock.advance(1_000);
  expect(poller.missing()).toBeUndefined();
});
