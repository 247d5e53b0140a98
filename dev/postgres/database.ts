import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../src/controller/lib/clock.ts';
import { canKeepIn } from './account.ts';
import { givenServer } from './given.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { query } from './query.ts';

/** In a folder that is kept: the name of the database on a server that others use too. */
export const DATABASE_MARK = 'database';

/**
 * A database for the operator alone. It is on the embedded Postgres; or, where DATABASE_URL names a server, one more
 * database beside those that are there, so that nothing of theirs is touched.
 * With `keepIn` it survives `stop`, and the next call with that folder opens it again; `fresh` empties it.
 */
export async function startDatabase(options: {
  keepIn?: string;
  fresh?: boolean;
  clock: Clock;
}): Promise<Postgres> {
  const { keepIn, fresh = false, clock } = options;
  const server = await givenServer();
  if (server !== undefined) return keepIn === undefined ? temporaryOn(server) : keptOn(server, keepIn, fresh);
  // What Postgres holds comes back with the next heartbeats, so where its account can't get it is a temporary one.
  const dataDir = keepIn !== undefined && (await canKeepIn(keepIn)) ? join(keepIn, 'postgres') : undefined;
  return startPostgres({ clock, dataDir });
}

/** Answers with the URL of the new database on that server. */
export async function createDatabase(server: string, name: string): Promise<string> {
  await query(server, `CREATE DATABASE ${name}`);
  return withDatabase(server, name);
}

export async function dropDatabase(server: string, name: string): Promise<void> {
  await query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function temporaryOn(server: string): Promise<Postgres> {
  const name = randomName();
  const url = await createDatabase(server, name);
  return { url, stop: () => dropDatabase(server, name) };
}

async function keptOn(server: string, folder: string, fresh: boolean): Promise<Postgres> {
  const mark = join(folder, DATABASE_MARK);
  const name = existsSync(mark) ? (await readFile(mark, 'utf8')).trim() : randomName();
  await mkdir(folder, { recursive: true });
  await writeFile(mark, `${name}\n`);
  if (fresh) await dropDatabase(server, name);
  const known = await query(server, 'SELECT FROM pg_database WHERE datname = $1', [name]);
  if (known.length === 0) await createDatabase(server, name);
  return { url: withDatabase(server, name), stop: async () => undefined };
}

const randomName = () => `workspace_${randomBytes(6).toString('hex')}`;

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
