import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { age, heartbeat } from '../../../test/support/gateway/heartbeats.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/gateway/postgres.ts';
import { createPostgresStore } from './postgresStore.ts';

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

describe('silence', () => {
  test('a launch silent for its timeout is marked once, and comes with the transitions', async () => {
    await store.gatewayUp();
    await store.recordHeartbeats([heartbeat()]);
    await age(database, 90_000);
    await age(database, 600_000, 'gateway_liveness', ['up_since']);
    const { cursor } = await store.readAll();
    await store.gatewayUp();
    expect(await store.markSilent()).toBe(1);
    expect(await store.markSilent()).toBe(0);
    expect((await store.transitions(cursor)).rows).toMatchObject([{ uid: 'u1', fresh: false }]);
  });

  test('one whose class is unknown keeps the timeout that it had; without one, a class’s default', async () => {
    await store.gatewayUp();
    await age(database, 600_000, 'gateway_liveness', ['up_since']);
    const unknown = [
      heartbeat({ seq: 2, timeoutMs: undefined }),
      heartbeat({ uid: 'u2', timeoutMs: undefined }),
    ];
    await store.recordHeartbeats([heartbeat({ timeoutMs: 600_000 })]);
    await store.recordHeartbeats(unknown);
    await age(database, 80_000);
    await store.gatewayUp();
    expect(await store.markSilent()).toBe(0);
    await age(database, 20_000);
    expect(await store.markSilent()).toBe(1);
    expect((await find())?.fresh).toBe(true);
    expect((await store.find({ uid: 'u2', number: 1 }))?.fresh).toBe(false);
  });

  test('coming back is a transition', async () => {
    await store.gatewayUp();
    await store.recordHeartbeats([heartbeat()]);
    await age(database, 90_000);
    await age(database, 600_000, 'gateway_liveness', ['up_since']);
    await store.markSilent();
    const silent = await find();
    await store.recordHeartbeats([heartbeat({ seq: 2 })]);
    const back = await find();
    expect(silent?.fresh).toBe(false);
    expect(back?.fresh).toBe(true);
    expect(back?.version).not.toBe(silent?.version);
  });

  test('a launch that heartbeats is looked at again only when it can be lost', async () => {
    await store.gatewayUp();
    await store.recordHeartbeats([heartbeat()]);
    await age(database, 50_000);
    await store.recordHeartbeats([heartbeat({ seq: 2 })]);
    await age(database, 20_000);
    await age(database, 600_000, 'gateway_liveness', ['up_since']);
    const before = await find();
    expect(await store.markSilent()).toBe(0);
    expect(await find()).toEqual(before);
    const [row] = await database.query(
      `SELECT recheck_at > now() + interval '30 s' AS later FROM workspace_launch`,
    );
    expect(row?.later).toBe(true);
  });

  test('silence proves nothing while no gateway is up', async () => {
    await store.recordHeartbeats([heartbeat()]);
    await age(database, 90_000);
    expect(await store.markSilent()).toBe(0);
    await store.gatewayUp();
    await age(database, 60_000, 'gateway_liveness', ['up_since', 'last_beat_at']);
    expect(await store.markSilent()).toBe(0);
    expect(await find()).toMatchObject({ fresh: true });
    expect((await store.readAll()).gatewayUp).toBe(false);
  });

  test('after a gap without a gateway silence is counted again', async () => {
    await store.gatewayUp();
    await store.recordHeartbeats([heartbeat()]);
    await age(database, 90_000);
    await age(database, 90_000, 'gateway_liveness', ['up_since', 'last_beat_at']);
    await store.gatewayUp();
    expect(await store.markSilent()).toBe(0);
    await age(database, 61_000, 'gateway_liveness', ['up_since']);
    await age(database, 61_000);
    await store.gatewayUp();
    expect(await store.markSilent()).toBe(1);
  });
});
