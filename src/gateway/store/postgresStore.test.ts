import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wallMs } from '../../../test/support/base/moments.ts';
import { age, ENV_A, ENV_B, heartbeat } from '../../../test/support/gateway/heartbeats.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/gateway/postgres.ts';
import { systemClock } from '../../controller/lib/clock.ts';
import { createEvidencePoller } from '../heartbeats/evidencePoller.ts';
import { heartbeatColumns } from './columns.ts';
import { StoreUnavailable } from './heartbeatStore.ts';
import { createPostgresStore } from './postgresStore.ts';
import { MARK_SILENT, RECORD_HEARTBEATS, TRANSITIONS } from './statements.ts';

const NOTICE = { action: 'terminate', at: wallMs(1_772_366_520_123) } as const;
const logger = pino({ level: 'silent' });

let database: TestDatabase;
let store: ReturnType<typeof createPostgresStore>;

beforeEach(async () => {
  database = await createTestDatabase();
  store = createPostgresStore({ databaseURL: database.url, logger });
});
afterEach(async () => {
  await store.close();
  await database.release();
});

const find = () => store.find({ uid: 'u1', number: 1 });

describe('heartbeats', () => {
  test('the first one makes the launch known, fresh and a transition', async () => {
    const { cursor } = await store.readAll();
    await store.recordHeartbeats([heartbeat({ url: 'http://10.0.0.1' })]);
    const { rows } = await store.transitions(cursor);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      uid: 'u1',
      number: 1,
      boot: 1,
      seq: 1,
      env: ENV_A,
      fresh: true,
      url: 'http://10.0.0.1',
    });
    expect(rows[0]?.firstHeartbeatAt).toBe(rows[0]?.lastHeartbeatAt);
  });

  test('an ordinary one is no transition, and touches no index', async () => {
    await store.recordHeartbeats([heartbeat()]);
    const before = await find();
    for (let seq = 2; seq <= 20; seq += 1) await store.recordHeartbeats([heartbeat({ seq })]);
    const after = await find();
    expect(after?.version).toBe(before?.version);
    expect(after).toMatchObject({ seq: 20 });
    // A session hands in its statistics when it ends.
    await store.close();
    store = createPostgresStore({ databaseURL: database.url, logger });
    const stats = () =>
      database.query(
        `SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'workspace_launch'`,
      );
    await expect.poll(stats).toEqual([{ updates: 19, hot: 19 }]);
  });

  test.each([
    ['an older seq', { seq: 4 }],
    ['the same seq', { seq: 5 }],
    ['an older boot with a newer seq', { boot: 1, seq: 99 }],
  ])('%s changes nothing', async (_name, over) => {
    await store.recordHeartbeats([heartbeat({ boot: 2, seq: 5 })]);
    const before = await find();
    await store.recordHeartbeats([heartbeat({ boot: 2, env: ENV_B, acknowledged: true, ...over })]);
    expect(await find()).toEqual(before);
  });

  test.each([
    ['a new boot', { boot: 2, seq: 1 }],
    ['another environment', { seq: 2, env: ENV_B }],
    ['another url', { seq: 2, url: 'http://other' }],
    ['a notice of an interruption', { seq: 2, interruption: NOTICE }],
  ])('%s is a transition', async (_name, over) => {
    await store.recordHeartbeats([heartbeat()]);
    const before = await find();
    await store.recordHeartbeats([heartbeat(over)]);
    expect((await find())?.version).not.toBe(before?.version);
  });

  test('a notice of an interruption is kept to the millisecond, returned once, and goes when heartbeats no longer carry it', async () => {
    await store.recordHeartbeats([heartbeat({ interruption: NOTICE })]);
    const first = await find();
    expect(first?.interruption).toEqual(NOTICE);
    await store.recordHeartbeats([heartbeat({ seq: 2, interruption: NOTICE })]);
    expect((await find())?.version).toBe(first?.version);
    await store.recordHeartbeats([heartbeat({ seq: 3 })]);
    expect(await find()).not.toHaveProperty('interruption');
    expect((await find())?.version).not.toBe(first?.version);
  });

  test('an old launch never touches its successor', async () => {
    await store.recordHeartbeats([heartbeat({ number: 2 })]);
    await store.recordHeartbeats([heartbeat({ number: 1, boot: 9, seq: 9 })]);
    expect(await store.find({ uid: 'u1', number: 2 })).toMatchObject({ boot: 1, seq: 1 });
  });

  test('an acknowledgement stays, and is returned', async () => {
    const first = await store.recordHeartbeats([heartbeat({ acknowledged: true })]);
    expect(first).toEqual(new Set(['u1/1']));
    const second = await store.recordHeartbeats([heartbeat({ seq: 2 })]);
    expect(second).toEqual(new Set(['u1/1']));
    expect(await store.recordHeartbeats([heartbeat({ number: 2 })])).toEqual(new Set());
  });

  test('two replicas with overlapping batches in opposite order do not deadlock', async () => {
    const other = createPostgresStore({ databaseURL: database.url, logger });
    const batch = (seq: number) => Array.from({ length: 200 }, (_, i) => heartbeat({ uid: `u${i}`, seq }));
    try {
      for (let round = 0; round < 10; round += 1) {
        const seq = 2 * round + 1;
        await Promise.all([
          store.recordHeartbeats(batch(seq)),
          other.recordHeartbeats(batch(seq + 1).reverse()),
        ]);
      }
      expect((await store.readAll()).rows).toHaveLength(200);
    } finally {
      await other.close();
    }
  });
});

describe('what is served and reported', () => {
  test('before the first heartbeat the environment is the one served, afterwards the one that the agent says', async () => {
    await store.recordServed({ uid: 'u1', number: 1 }, ENV_A);
    expect(await find()).toMatchObject({ env: ENV_A, fresh: false });
    await store.recordServed({ uid: 'u1', number: 1 }, ENV_B);
    expect(await find()).toMatchObject({ env: ENV_B });
    await store.recordHeartbeats([heartbeat({ env: ENV_A })]);
    expect(await find()).toMatchObject({ env: ENV_A, fresh: true });
  });

  test('a dropped report is counted without a transition, a forwarded one with', async () => {
    await store.recordHeartbeats([heartbeat()]);
    const before = await find();
    await store.recordReport({ uid: 'u1', number: 1 }, 'dropped');
    expect(await find()).toMatchObject({ reports: 1, version: before?.version });
    await store.recordReport({ uid: 'u1', number: 1 }, 'forwarded');
    const after = await find();
    expect(after?.reports).toBe(2);
    expect(after?.version).not.toBe(before?.version);
  });
});

test('what a gateway records reaches the controller’s view', async () => {
  const changes: string[] = [];
  const poller = createEvidencePoller({
    store,
    clock: systemClock,
    logger,
    pollIntervalMs: 10,
    unavailableAfterMs: 5_000,
    onChange: (uid) => changes.push(uid),
  });
  poller.start();
  try {
    await expect.poll(poller.available).toBe(false);
    await store.gatewayUp();
    await expect.poll(poller.available).toBe(true);
    await store.recordServed({ uid: 'u1', number: 1 }, ENV_A);
    await expect.poll(() => poller.ofWorkspace('u1')).toMatchObject([{ env: ENV_A, fresh: false }]);
    await store.recordHeartbeats([heartbeat({ env: ENV_B })]);
    await expect.poll(() => poller.ofWorkspace('u1')).toMatchObject([{ env: ENV_B, fresh: true }]);
    const seen = changes.length;
    await store.recordHeartbeats([heartbeat({ env: ENV_B, seq: 2 })]);
    await store.recordHeartbeats([heartbeat({ uid: 'u2' })]);
    await expect.poll(() => changes.length).toBe(seen + 1);
    expect(changes.at(-1)).toBe('u2');
  } finally {
    await poller.stop();
  }
});

describe('reading', () => {
  test('a row that was written before the cursor but seen after it is not left out', async () => {
    await store.recordHeartbeats([heartbeat()]);
    const { cursor } = await store.readAll();
    await age(database, 2_000);
    expect((await store.transitions(cursor)).rows).toHaveLength(1);
    await age(database, 60_000);
    expect((await store.transitions(cursor)).rows).toHaveLength(0);
  });

  test('transitions, recheck and batches go by index', async () => {
    await store.readAll();
    await database.query(`INSERT INTO workspace_launch (uid, number, changed_at, recheck_at, timeout_ms, last_heartbeat_at)
      SELECT 'u' || i, 1, now() - interval '1 h', now() + interval '1 h', 1000, now() FROM generate_series(1, 20000) i`);
    await database.query('ANALYZE workspace_launch');
    const [now] = await database.query('SELECT now()::text AS now');
    const batch = Array.from({ length: 500 }, (_, i) => heartbeat({ uid: `u${i}` }));
    const plans: [string, unknown[]][] = [
      [RECORD_HEARTBEATS, heartbeatColumns(batch)],
      [TRANSITIONS, [5_000, now?.now, 5_000]],
      [MARK_SILENT, [5_000]],
    ];
    for (const [statement, values] of plans) {
      const plan = JSON.stringify(await database.query(`EXPLAIN ${statement}`, values));
      expect(plan).toMatch(/(Index|Bitmap Index) Scan (using|on) workspace_launch_(changed|recheck|pkey)/);
      expect(plan).not.toContain('Seq Scan on workspace_launch');
    }
  });

  test('launches that were not heard for long are forgotten, others stay', async () => {
    await store.recordHeartbeats([heartbeat()]);
    await age(database, 100_000);
    await store.recordHeartbeats([heartbeat({ uid: 'u2' })]);
    expect(await store.prune(50_000)).toBe(1);
    expect(await find()).toBeUndefined();
    expect(await store.find({ uid: 'u2', number: 1 })).toBeDefined();
  });

  test('an error names the action, the cause and the next step, and no value', async () => {
    const away = createPostgresStore({
      databaseURL: 'postgres://u:canary-password@127.0.0.1:1/none',
      logger,
    });
    const error = await away.find({ uid: 'u1', number: 1 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(String(error)).toContain(
      'could not find a launch: the database answered ECONNREFUSED; check DATABASE_URL',
    );
    expect(JSON.stringify(error) + String(error)).not.toContain('canary-password');
    await away.close();
  });

  test('replicas that migrate at once do it once', async () => {
    const replicas = [1, 2, 3].map(() => createPostgresStore({ databaseURL: database.url, logger }));
    await Promise.all(replicas.map((replica) => replica.readAll()));
    await Promise.all(replicas.map((replica) => replica.close()));
    const rows = await database.query('SELECT name FROM workspace_schema_migrations');
    expect(rows).toEqual([
      { name: '0001_workspace_launch' },
      { name: '0002_interruption' },
      { name: '0003_trouble' },
      { name: '0004_ca' },
    ]);
  });
});
