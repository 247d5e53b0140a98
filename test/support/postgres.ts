import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../dev/postgres/postgres.ts';
import { systemClock } from '../../src/controller/clock.ts';

export interface TestDatabase {
  url: string;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

// One server a vitest process; it goes, files and all, when the process does.
let server: Promise<Postgres> | undefined;

/** An empty database of its own for one test. */
export async function createTestDatabase(): Promise<TestDatabase> {
  server ??= startPostgres({ clock: systemClock });
  const admin = (await server).url;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await run(admin, `CREATE DATABASE ${name}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (sql, values) => run(url.href, sql, values),
    drop: async () => {
      await run(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function run(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
