import { afterEach, describe, expect, test } from 'vitest';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import type { LaunchRecord } from '../store/heartbeatStore.ts';
import { createEvidencePoller, type EvidencePoller } from './evidencePoller.ts';

let poller: EvidencePoller;
afterEach(() => poller.stop());

/** A row that a bug of the store made. */
const UNREADABLE = undefined as unknown as LaunchRecord;

function row(uid: string, version: string, over: Partial<LaunchRecord> = {}): LaunchRecord {
  return { uid, number: 1, fresh: true, reports: 0, acknowledged: false, version, ...over };
}

function setUp() {
  const clock = createVirtualClock();
  const read = async () => ({
    rows: store.rows.map((it) => ({ ...it })),
    cursor: String(clock.monotonic()),
    gatewayUp: true,
    gatewayUpMs: 3_600_000,
  });
  const store = {
    rows: [] as LaunchRecord[],
    calls: [] as string[],
    markSilent: async () => 0,
    async readAll() {
      store.calls.push('all');
      return read();
    },
    async transitions(cursor: string) {
      store.calls.push(cursor);
      return read();
    },
  };
  const changes: string[] = [];
  const news: boolean[] = [];
  /** The Workspace at whose change the listener throws. */
  const fail = { on: '' };
  poller = createEvidencePoller({
    store,
    clock,
    logger: recordingLogger().logger,
    onChange(uid) {
      if (uid === fail.on) throw new TypeError('a bug');
      changes.push(uid);
    },
    onPoll: (isNew) => void news.push(isNew),
  });
  return { clock, store, changes, news, fail };
}

describe('a poll that fails halfway loses nothing', () => {
  test('a change is news at the next poll, and each Workspace is looked at once', async () => {
    const { clock, store, changes, news, fail } = setUp();
    store.rows = [row('a', '1'), row('b', '1'), row('c', '1')];
    poller.start();
    await clock.advance(500);
    changes.length = 0;
    store.rows = store.rows.map((it) => ({ ...it, version: '2', fresh: false }));
    fail.on = 'b';
    await clock.advance(1_000);
    expect(changes).toEqual(['a']);
    fail.on = '';
    await clock.advance(1_000);
    expect(changes).toEqual(['a', 'b', 'c']);
    expect(news[1]).toBe(true);
  });

  test('a poll that can’t take a row reads them again from the same place', async () => {
    const { clock, store, changes } = setUp();
    store.rows = [row('a', '1'), row('b', '1')];
    poller.start();
    await clock.advance(500);
    changes.length = 0;
    const { transitions } = store;
    const asked: string[] = [];
    store.transitions = async (cursor) => {
      asked.push(cursor);
      return { ...(await transitions(cursor)), rows: [row('a', '2'), UNREADABLE] };
    };
    await clock.advance(1_000);
    store.transitions = transitions;
    store.rows = [row('a', '2'), row('b', '2')];
    await clock.advance(1_000);
    expect([...new Set(changes)]).toEqual(['a', 'b']);
    expect(store.calls.slice(-2)).toEqual([asked[0], asked[0]]);
  });

  test('a poll that read everything keeps what was known until all of it is taken', async () => {
    const { clock, store } = setUp();
    store.rows = [row('a', '1'), row('b', '1')];
    poller.start();
    await clock.advance(500);
    const { readAll } = store;
    store.readAll = async () => ({ ...(await readAll()), rows: [row('a', '2'), UNREADABLE] });
    await clock.advance(60_000);
    expect(store.calls.filter((call) => call === 'all').length).toBeGreaterThan(1);
    expect(poller.ofWorkspace('b')).toMatchObject([{ version: '1' }]);
  });
});
