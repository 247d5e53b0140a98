import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase, dropDatabase } from '../../dev/postgres/database.ts';
import { query } from '../../dev/postgres/query.ts';

export interface TestDatabase {
  url: string;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

let server: Promise<string> | undefined;

/** An empty database of its own for one test, on the one server of the run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  server ??= askForPostgres();
  const admin = await server;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = await createDatabase(admin, name);
  return {
    url,
    query: (sql, values) => query(url, sql, values),
    drop: () => dropDatabase(admin, name),
  };
}

async function askForPostgres(): Promise<string> {
  const answer = await fetch(inject('postgres'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no Postgres: ${text}`);
  return text;
}
