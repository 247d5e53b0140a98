import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { LaunchRecord } from '../../src/gateway/store/heartbeatStore.ts';
import { createPostgresStore } from '../../src/gateway/store/postgresStore.ts';
import { wallMs } from '../support/base/moments.ts';
import { age, ENV_A, ENV_B, heartbeat } from '../support/gateway/heartbeats.ts';
import { createTestDatabase } from '../support/gateway/postgres.ts';
import { loadCode, releases } from './releases.ts';

const NOTICE = { action: 'terminate', at: wallMs(1_772_366_520_123) } as const;

type Store = ReturnType<typeof createPostgresStore>;

const byLaunch = (rows: readonly LaunchRecord[]) =>
  Object.fromEntries(rows.map((row) => [`${row.uid}/${row.number}`, row]));

/** What `reader` knows of what `writer` wrote is at least what `writer` knows of it. */
async function agree(writer: Store, reader: Store): Promise<void> {
  const [theirs, ours] = [await writer.readAll(), await reader.readAll()];
  expect(byLaunch(ours.rows)).toMatchObject(byLaunch(theirs.rows));
  expect(ours.gatewayUp).toBe(theirs.gatewayUp);
}

/** One of each kind of row, from launch `from` on. */
async function write(store: Store, from: number): Promise<void> {
  await store.gatewayUp();
  await store.recordServed({ uid: 'u1', number: from }, ENV_A);
  await store.recordServed({ uid: 'u1', number: from + 1 }, ENV_A);
  await store.recordHeartbeats([
    heartbeat({ number: from + 1, url: 'http://10.0.0.1', activeTasks: 3, agent: 'shell/1' }),
    heartbeat({ number: from + 2, interruption: NOTICE }),
    heartbeat({ number: from + 3, timeoutMs: 1_000 }),
  ]);
  await store.recordReport({ uid: 'u1', number: from + 2 }, 'forwarded');
}

/** Every kind of change to the rows that the other one wrote. */
async function change(store: Store, from: number): Promise<void> {
  await store.recordHeartbeats([
    heartbeat({ number: from, env: ENV_B }),
    heartbeat({ number: from + 1, boot: 2, seq: 1, acknowledged: true }),
    heartbeat({ number: from + 2, seq: 1, env: ENV_B }),
  ]);
  expect(await store.find({ uid: 'u1', number: from })).toMatchObject({ env: ENV_B, fresh: true });
  expect(await store.find({ uid: 'u1', number: from + 1 })).toMatchObject({ boot: 2, acknowledged: true });
  // Not newer than what the other one wrote.
  expect(await store.find({ uid: 'u1', number: from + 2 })).toMatchObject({ env: ENV_A, reports: 1 });
}

test.each(releases)('%s and this release keep one database together', async (release) => {
  const database = await createTestDatabase();
  const options = { databaseURL: database.url, logger: pino({ level: 'silent' }) };
  const { createPostgresStore: createEarlier } = await loadCode(release);
  const stores = [createEarlier(options), createPostgresStore(options)] as const;
  const [earlier, present] = stores;
  try {
    // Its tables, its rows; and this release brings them up to date.
    await write(earlier, 10);
    await agree(earlier, present);
    await change(present, 10);
    // Then it comes back to what this release made of them.
    await write(present, 20);
    await agree(present, earlier);
    await change(earlier, 20);
    await agree(earlier, present);

    const { cursor } = await present.readAll();
    await age(database, 2_000);
    await age(database, 60_000, 'gateway_liveness', ['up_since']);
    expect(await earlier.markSilent()).toBe(2);
    expect((await present.transitions(cursor)).rows.filter(({ fresh }) => !fresh)).toHaveLength(2);
    expect(await present.markSilent()).toBe(0);
  } finally {
    for (const store of stores) await store.close();
    await database.release();
  }
});
