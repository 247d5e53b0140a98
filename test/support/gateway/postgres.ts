import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase } from '../../../dev/postgres/database.ts';
import { query } from '../../../dev/postgres/query.ts';

export interface TestDatabase {
  url: string;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Ends all sessions and empties it; a later test may get it again. */
  release(): Promise<void>;
}

/** Another connection would hold locks on the database that goes. */
const EMPTY = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
  DROP SCHEMA public CASCADE;
  CREATE SCHEMA public;
  SELECT pg_stat_reset();
`;

let server: Promise<{ url: string; prefix: string }> | undefined;
const empty: string[] = [];

/** An empty database of its own for one test, on the one server of the run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  server ??= askForPostgres();
  const { url: admin, prefix } = await server;
  // Making one costs 0.1 s of CPU, emptying one a tenth of that.
  const url = empty.pop() ?? (await createDatabase(admin, `${prefix}${randomBytes(6).toString('hex')}`));
  return {
    url,
    query: (sql, values) => query(url, sql, values),
    async release() {
      await query(url, EMPTY);
      empty.push(url);
    },
  };
}

async function askForPostgres(): Promise<{ url: string; prefix: string }> {
  const answer = await fetch(inject('postgres'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no Postgres: ${text}`);
  return JSON.parse(text);
}
