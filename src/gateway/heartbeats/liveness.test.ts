import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { StoreUnavailable } from '../store/heartbeatStore.ts';
import { keepRecorded } from './liveness.ts';

function setUp() {
  const clock = createVirtualClock();
  const logs: string[] = [];
  const calls = { beats: 0, prunes: [] as number[] };
  const state = { away: false, records: true };
  const kept = keepRecorded({
    clock,
    logger: pino({}, { write: (line: string) => void logs.push(JSON.parse(line).msg) }),
    beatIntervalMs: 1_000,
    pruneAfterMs: 7_000,
    records: () => state.records,
    store: {
      gatewayUp: async () => {
        if (state.away) throw new StoreUnavailable('away');
        calls.beats += 1;
      },
      prune: async (olderThanMs) => {
        calls.prunes.push(olderThanMs);
        return 0;
      },
    },
  });
  return { clock, logs, calls, state, kept };
}

test('a beat at once and then once an interval; old launches are pruned once an hour', async () => {
  const { clock, calls, kept } = setUp();
  await clock.advance(3_600_000);
  expect(calls.beats).toBe(3_601);
  expect(calls.prunes).toEqual([7_000]);
  await kept.stop();
  expect(clock.pending()).toBe(0);
});

test('a store that is away is said once, and its return once', async () => {
  const { clock, logs, state, kept } = setUp();
  state.away = true;
  await clock.advance(10_000);
  state.away = false;
  await clock.advance(10_000);
  expect(logs).toEqual(['the store is away', 'the store is back']);
  await kept.stop();
});

test('a gateway that records no heartbeats does not count as up', async () => {
  const { clock, calls, state, kept } = setUp();
  state.records = false;
  await clock.advance(5_000);
  expect(calls.beats).toBe(1);
  state.records = true;
  await clock.advance(1_000);
  expect(calls.beats).toBe(2);
  await kept.stop();
});
