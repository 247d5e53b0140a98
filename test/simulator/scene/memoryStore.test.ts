import fc from 'fast-check';
import pg from 'pg';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { HeartbeatStore, LaunchRecord, Transitions } from '../../../src/gateway/store/heartbeatStore.ts';
import { createPostgresStore } from '../../../src/gateway/store/postgresStore.ts';
import { wallMs } from '../../support/base/moments.ts';
import { createVirtualClock } from '../../support/base/virtualClock.ts';
import { ENV_A, ENV_B, heartbeat } from '../../support/gateway/heartbeats.ts';
import { createTestDatabase, type TestDatabase } from '../../support/gateway/postgres.ts';
import { createMemoryStore } from './memoryStore.ts';

const launch = fc.record({ uid: fc.constantFrom('u1', 'u2'), number: fc.constantFrom(1, 2) });
const env = fc.constantFrom(ENV_A, ENV_B);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const said = fc
  .record({
    launch,
    env,
    boot: fc.constantFrom(1, 1, 1, 2),
    seq: fc.nat(9),
    url: maybe(fc.constantFrom('http://10.0.0.1', 'http://10.0.0.2')),
    timeoutMs: maybe(fc.constantFrom(4_000, 10_000, 60_000)),
    acknowledged: fc.boolean(),
    interruption: maybe(fc.constant({ action: 'terminate', at: wallMs(1_772_366_520_123) } as const)),
  })
  .map(({ launch: named, ...rest }) => heartbeat({ ...named, ...rest }));

/** One thing that gateways, controllers or time do to a store. */
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(500, 2_000, 6_000, 30_000).map((ms) => ({ kind: 'pass', ms }) as const),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'beat' } as const) },
  { weight: 4, arbitrary: said.map((it) => ({ kind: 'hear', it }) as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'silence' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('serve' as const), launch, env }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      launch,
      outcome: fc.constantFrom('forwarded' as const, 'dropped' as const),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(store: HeartbeatStore, it: Step): Promise<unknown> {
  if (it.kind === 'beat') return store.gatewayUp();
  if (it.kind === 'hear') return [...(await store.recordHeartbeats([it.it]))];
  if (it.kind === 'silence') return store.markSilent();
  if (it.kind === 'serve') return store.recordServed(it.launch, it.env);
  if (it.kind === 'report') return store.recordReport(it.launch, it.outcome);
  return undefined;
}

/** Cursors and versions are each store's own; of versions it counts whether they changed. */
function createReader(store: HeartbeatStore) {
  const versions = new Map<string, string>();
  let cursor: string | undefined;
  const shown = ({ version, ...row }: LaunchRecord) => {
    const id = `${row.uid}/${row.number}`;
    const isNews = versions.get(id) !== version;
    versions.set(id, version);
    return { ...row, isNews };
  };
  const all = ({ rows, gatewayUp, gatewayUpMs }: Transitions) => ({
    rows: [...rows].sort((a, b) => a.uid.localeCompare(b.uid) || a.number - b.number).map(shown),
    gatewayUp,
    gatewayUpMs,
  });
  return async () => {
    const since = cursor === undefined ? undefined : await store.transitions(cursor);
    const now = await store.readAll();
    cursor = now.cursor;
    return { since: since && all(since), now: all(now) };
  };
}

/** A Postgres whose `now()` the test sets: what is in the first schema of its path is found before the built-in one. */
async function setUp(database: TestDatabase) {
  const session = new pg.Client({ connectionString: database.url });
  await session.connect();
  await session.query('CREATE SCHEMA clocked');
  await session.query('CREATE TABLE clocked.clock (at timestamptz)');
  await session.query('INSERT INTO clocked.clock VALUES (now())');
  await session.query(
    "CREATE FUNCTION clocked.now() RETURNS timestamptz STABLE LANGUAGE sql AS 'SELECT at FROM clocked.clock'",
  );
  const url = new URL(database.url);
  url.searchParams.set('options', '-c search_path=clocked,pg_catalog,public');
  const store = createPostgresStore({ databaseURL: url.href, logger: pino({ level: 'silent' }) });
  await store.readAll();
  return {
    store,
    setClock: (ms: number) =>
      session.query('UPDATE clocked.clock SET at = to_timestamp($1::float8 / 1000)', [ms]),
    forget: () => session.query('TRUNCATE clocked.workspace_launch, clocked.gateway_liveness'),
    async close() {
      await store.close();
      await session.end();
      await database.release();
    },
  };
}

test('the memory store answers as Postgres does, after any operations on both', async () => {
  const database = await createTestDatabase();
  const { store: postgres, setClock, forget, close } = await setUp(database);
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const clock = createVirtualClock();
        const memory = createMemoryStore(clock);
        await forget();
        const [readMemory, readPostgres] = [createReader(memory), createReader(postgres)];
        for (const it of steps) {
          // Versions are times: what happens at another moment has another one.
          await clock.advance(it.kind === 'pass' ? it.ms : 1);
          await setClock(clock.now());
          expect(await take(memory, it)).toEqual(await take(postgres, it));
          expect(await readMemory()).toEqual(await readPostgres());
        }
      }),
      { numRuns: 40, seed: 8 },
    );
  } finally {
    await close();
  }
});
