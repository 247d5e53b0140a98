import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type Heartbeat, launchID, StoreRefused } from '../store/heartbeatStore.ts';
import { createHeartbeatQueue } from './heartbeatQueue.ts';

function heartbeat(uid: string, seq = 1, over: Partial<Heartbeat> = {}): Heartbeat {
  return { uid, number: 1, boot: 1, seq, env: 'e', timeoutMs: 1000, acknowledged: false, ...over };
}

/** A store whose answers come when the test says so. */
function slowStore() {
  const batches: (readonly Heartbeat[])[] = [];
  const answers: ((error?: Error) => void)[] = [];
  return {
    batches,
    answer: (error?: Error) => answers.shift()?.(error),
    recordHeartbeats: (batch: readonly Heartbeat[]) => {
      batches.push(batch);
      return new Promise<ReadonlySet<string>>((resolve, reject) => {
        answers.push((error) =>
          error ? reject(error) : resolve(new Set(batch.filter((h) => h.acknowledged).map(launchID))),
        );
      });
    },
  };
}

function setUp(over: { batchSize?: number; capacity?: number } = {}) {
  const clock = createVirtualClock();
  const store = slowStore();
  return { clock, store, queue: createHeartbeatQueue({ store, clock, ...over }) };
}

test('heartbeats of one interval go out as one batch, and are answered once it is stored', async () => {
  const { clock, store, queue } = setUp();
  const done: string[] = [];
  for (const uid of ['a', 'b', 'c']) void queue.submit(heartbeat(uid)).then(() => done.push(uid));
  await clock.advance(199);
  expect(store.batches).toHaveLength(0);
  await clock.advance(1);
  expect(store.batches.map((batch) => batch.map(({ uid }) => uid))).toEqual([['a', 'b', 'c']]);
  expect(done).toEqual([]);
  store.answer();
  await clock.settle();
  expect(done).toEqual(['a', 'b', 'c']);
});

test('a full batch does not wait', async () => {
  const { clock, store, queue } = setUp({ batchSize: 2 });
  for (const uid of ['a', 'b', 'c']) void queue.submit(heartbeat(uid));
  await clock.settle();
  expect(store.batches.map((batch) => batch.length)).toEqual([2]);
});

test('while one batch is under way the next one gathers', async () => {
  const { clock, store, queue } = setUp();
  void queue.submit(heartbeat('a'));
  await clock.advance(200);
  for (const uid of ['b', 'c', 'd']) void queue.submit(heartbeat(uid));
  await clock.advance(10_000);
  expect(store.batches).toHaveLength(1);
  store.answer();
  await clock.advance(200);
  expect(store.batches.map((batch) => batch.length)).toEqual([1, 3]);
});

test('of one launch only the newest waits, with any acknowledgement among them', async () => {
  const { clock, store, queue } = setUp();
  const answers = [
    queue.submit(heartbeat('a', 2, { acknowledged: true })),
    queue.submit(heartbeat('a', 3)),
    queue.submit(heartbeat('a', 1)),
  ];
  await clock.advance(200);
  expect(store.batches).toEqual([[heartbeat('a', 3, { acknowledged: true })]]);
  store.answer();
  expect(await Promise.all(answers)).toEqual([1, 2, 3].map(() => ({ acknowledged: true })));
});

test('a failed batch fails its own heartbeats only', async () => {
  const { clock, store, queue } = setUp();
  const first = queue.submit(heartbeat('a')).catch((error: Error) => error.message);
  await clock.advance(200);
  const second = queue.submit(heartbeat('b'));
  store.answer(new Error('away'));
  await clock.advance(200);
  store.answer();
  expect(await first).toBe('away');
  expect(await second).toEqual({ acknowledged: false });
});

test('more launches than it has room for are turned away; one that already waits is not', async () => {
  const { queue } = setUp({ capacity: 1 });
  void queue.submit(heartbeat('a'));
  await expect(queue.submit(heartbeat('b'))).rejects.toMatchObject({ code: 'overloaded' });
  void queue.submit(heartbeat('a', 2));
});

test('stopping stores what waits, and takes no more', async () => {
  const { clock, store, queue } = setUp({ batchSize: 2 });
  for (const uid of ['a', 'b', 'c']) void queue.submit(heartbeat(uid));
  let stopped = false;
  const stopping = queue.stop().then(() => {
    stopped = true;
  });
  await expect(queue.submit(heartbeat('d'))).rejects.toMatchObject({ code: 'overloaded' });
  store.answer();
  await clock.settle();
  expect([store.batches.length, stopped]).toEqual([2, false]);
  store.answer();
  await stopping;
  expect(clock.pending()).toBe(0);
});

describe('a batch that the store refuses for its data', () => {
  /** Refuses each batch that holds a launch of this list, as Postgres does: nothing of the batch is stored. */
  function pickyStore(bad: ReadonlySet<string>) {
    const statements: string[][] = [];
    return {
      statements,
      recordHeartbeats: async (batch: readonly Heartbeat[]) => {
        statements.push(batch.map(({ uid }) => uid));
        if (batch.some(({ uid }) => bad.has(uid))) throw new StoreRefused('SQLSTATE 22008');
        return new Set<string>();
      },
    };
  }

  async function submitAll(queue: ReturnType<typeof createHeartbeatQueue>, uids: readonly string[]) {
    return Promise.all(
      uids.map((uid) =>
        queue.submit(heartbeat(uid)).then(
          () => 'stored',
          (error: { code?: string }) => error.code,
        ),
      ),
    );
  }

  const uids = Array.from({ length: 500 }, (_, index) => `u${index}`);

  test('fails the bad row alone, in as many statements as its halving takes', async () => {
    const clock = createVirtualClock();
    const store = pickyStore(new Set(['u137']));
    const queue = createHeartbeatQueue({ store, clock });
    const outcomes = submitAll(queue, uids);
    await clock.advance(200);
    expect((await outcomes).filter((outcome) => outcome === 'stored')).toHaveLength(499);
    expect((await outcomes)[137]).toBe('invalid_request');
    expect(store.statements.length).toBeLessThanOrEqual(1 + 2 * 9);
    expect(queue.records()).toBe(true);
  });

  test('costs its neighbours nothing from then on: its launch is stored alone', async () => {
    const clock = createVirtualClock();
    const store = pickyStore(new Set(['u137']));
    const queue = createHeartbeatQueue({ store, clock });
    const first = submitAll(queue, uids);
    await clock.advance(200);
    await first;
    store.statements.length = 0;
    const second = submitAll(queue, uids);
    await clock.advance(1_000);
    await second;
    expect(store.statements.map((statement) => statement.length)).toEqual([499, 1]);
  });

  test('leaves silence unjudged while no row of it can be stored', async () => {
    const clock = createVirtualClock();
    const bad = new Set(uids);
    const queue = createHeartbeatQueue({ store: pickyStore(bad), clock });
    const outcomes = submitAll(queue, uids);
    await clock.advance(200);
    expect(new Set(await outcomes)).toEqual(new Set(['invalid_request']));
    expect(queue.records()).toBe(false);
    bad.clear();
    const again = submitAll(queue, ['u1']);
    await clock.advance(200);
    expect(await again).toEqual(['stored']);
    expect(queue.records()).toBe(true);
  });
});
