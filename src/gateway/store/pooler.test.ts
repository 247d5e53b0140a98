import { readdirSync } from 'node:fs';
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { heartbeat } from '../../../test/support/gateway/heartbeats.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/gateway/postgres.ts';
import {
  startTransactionPooler,
  type TransactionPooler,
} from '../../../test/support/gateway/transactionPooler.ts';
import { MigrationLocked, migrate } from './migrate.ts';
import { createPostgresStore } from './postgresStore.ts';

const logger = pino({ level: 'silent' });
const LOCKS =
  "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

const ALL = readdirSync(new URL('../schema', import.meta.url)).map((file) => ({
  name: file.replace('.sql', ''),
}));

let database: TestDatabase;
let pooler: TransactionPooler;

beforeEach(async () => {
  database = await createTestDatabase();
  pooler = await startTransactionPooler(database.url, { servers: 3 });
});
afterEach(async () => {
  await pooler.stop();
  await database.release();
});

describe('behind a pooler in transaction mode', () => {
  test('six gateways that start together, ten times over: one migration, all serve, no lock is left', async () => {
    for (let round = 0; round < 10; round += 1) {
      await database.query('DROP SCHEMA public CASCADE');
      await database.query('CREATE SCHEMA public');
      const stores = Array.from({ length: 6 }, () =>
        createPostgresStore({ databaseURL: pooler.url, logger, timeoutMs: 10_000 }),
      );
      try {
        await Promise.all(
          stores.map((store, index) => store.recordHeartbeats([heartbeat({ uid: `u${index}` })])),
        );
        expect((await stores[0]?.readAll())?.rows).toHaveLength(6);
      } finally {
        await Promise.all(stores.map((store) => store.close()));
      }
      const names = await database.query('SELECT name FROM workspace_schema_migrations ORDER BY id');
      expect(names).toEqual(ALL);
      expect(await database.query(LOCKS)).toEqual([]);
    }
  });

  test('a lock that an earlier release left in a session holds up no start, as the schema is up to date', async () => {
    await migrated();
    const left = await leftBehind();
    const store = createPostgresStore({ databaseURL: pooler.url, logger });
    await store.recordHeartbeats([heartbeat({ uid: 'u1' })]);
    await store.close();
    await left.end();
  });

  test('while another session migrates, one waits for it; for so long, and then says where to look', async () => {
    const left = await leftBehind();
    const wait = (lockTimeoutMs: number) =>
      migrate({ client: new pg.Client({ connectionString: pooler.url }), logger, lockTimeoutMs });
    const error = await wait(50).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MigrationLocked);
    expect(String(error)).toMatch(/DATABASE_URL.*pg_terminate_backend/);
    const waiting = wait(60_000);
    await left.end();
    await waiting;
    expect(await database.query(LOCKS)).toEqual([]);
    expect(await database.query('SELECT uid FROM workspace_launch')).toEqual([]);
  });

  test('a migration that fails leaves nothing of itself, and the next start makes all of it', async () => {
    // The first migration succeeds, the second one meets what it does not expect.
    await database.query('CREATE VIEW workspace_launch AS SELECT 1 AS interruption_at');
    const client = new pg.Client({ connectionString: pooler.url });
    await expect(migrate({ client, logger })).rejects.toThrow('workspace_launch');
    expect(await database.query("SELECT to_regclass('workspace_schema_migrations') AS it")).toEqual([
      { it: null },
    ]);
    await database.query('DROP VIEW workspace_launch');
    await migrated();
    expect(await database.query(LOCKS)).toEqual([]);
  });
});

function migrated(): Promise<void> {
  return migrate({ client: new pg.Client({ connectionString: pooler.url }), logger });
}

/** As a server connection of a pooler whose client has gone. */
async function leftBehind(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('SELECT pg_advisory_lock($1)', [PG_MIGRATE_LOCK_ID]);
  return client;
}
