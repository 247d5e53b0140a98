import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { age, heartbeat } from '../../../test/support/gateway/heartbeats.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/gateway/postgres.ts';
import { StoreUnavailable } from './heartbeatStore.ts';
import { createPostgresStore } from './postgresStore.ts';

let database: TestDatabase;
let store: ReturnType<typeof createPostgresStore>;

beforeEach(async () => {
  database = await createTestDatabase();
  store = createPostgresStore({ databaseURL: database.url, logger: pino({ level: 'silent' }) });
});
afterEach(async () => {
  await store.close();
  await database.release();
});

describe('a database that lost everything', () => {
  test('is given its tables again, without a restart, and rows come back with the next heartbeats', async () => {
    await store.gatewayUp();
    await store.recordHeartbeats([heartbeat()]);
    await database.query('DROP SCHEMA public CASCADE');
    await database.query('CREATE SCHEMA public');
    await expect(store.readAll()).rejects.toBeInstanceOf(StoreUnavailable);
    const { rows, gatewayUp } = await store.readAll();
    expect({ rows, gatewayUp }).toEqual({ rows: [], gatewayUp: false });
    await store.recordHeartbeats([heartbeat({ seq: 9 })]);
    expect((await store.readAll()).rows).toMatchObject([{ uid: 'u1', number: 1, seq: 9, fresh: true }]);
  });
});

describe('for how long gateways have been recorded as up', () => {
  const upMs = async () => (await store.readAll()).gatewayUpMs;

  test('grows from the first beat, and begins again after a gap, with the database’s own clock', async () => {
    expect(await upMs()).toBe(0);
    await store.gatewayUp();
    await age(database, 60_000, 'gateway_liveness', ['up_since']);
    expect(await upMs()).toBeGreaterThanOrEqual(60_000);
    await age(database, 60_000, 'gateway_liveness', ['last_beat_at']);
    expect(await upMs()).toBe(0);
    await store.gatewayUp();
    expect(await upMs()).toBeLessThan(60_000);
    const { cursor } = await store.readAll();
    expect((await store.transitions(cursor)).gatewayUpMs).toBeLessThan(60_000);
  });
});
