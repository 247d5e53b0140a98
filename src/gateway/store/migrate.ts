import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate';
import type { Client } from 'pg';
import pg from 'pg';
import type { Logger } from 'pino';

const DIR = join(import.meta.dirname, '..', 'schema');
const TABLE = 'workspace_schema_migrations';
/** Where the library puts its table. */
const SCHEMA = 'public';
const NAMES = readdirSync(DIR).map((file) => basename(file, '.sql'));

/** SQLSTATE lock_not_available. */
const LOCK_TIMEOUT = '55P03';

export interface MigrateOptions {
  /** A connection of its own, not yet connected. */
  client: Client;
  logger: Logger;
  /** How long to wait for another process that migrates, and for tables that are in use; ms. */
  lockTimeoutMs?: number;
}

/** Another session holds the lock; it is tried again with the next statement. */
export class MigrationLocked extends Error {
  override readonly name = 'MigrationLocked';
}

/**
 * Brings the schema up to date, in one transaction that also holds the lock: replicas that start together wait for one
 * another, and behind a pooler in transaction mode nothing of it is left in a session. A schema that is up to date takes
 * no lock, so that one which an earlier release left behind holds up no start.
 * Migrations only expand (new tables, new nullable or defaulted columns), so that an older gateway keeps working beside a newer one.
 * Rejects when the database is unreachable or refuses.
 */
export async function migrate({ client, logger, lockTimeoutMs = 10_000 }: MigrateOptions): Promise<void> {
  client.on('error', (error) => logger.warn({ err: error }, 'connection for migrations lost'));
  try {
    await client.connect();
    if ((await missingMigrations(client)).length === 0) return;
    await client.query('BEGIN');
    try {
      await lockSchema(client, lockTimeoutMs);
      const done = await run(client, logger);
      // Where something ran, it is committed by now, with the lock; this ends the transaction where nothing had to.
      await client.query('COMMIT');
      for (const { name } of done) logger.info({ migration: name }, 'schema migrated');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Names of the migrations that this release has and the database, to which the client is connected, lacks. */
export async function missingMigrations(client: Pick<Client, 'query'>): Promise<readonly string[]> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${SCHEMA}.${TABLE}`,
  ]);
  if (!rows[0]?.there) return NAMES;
  const known = await client.query<{ name: string }>(`SELECT name FROM ${SCHEMA}.${TABLE}`);
  const names = new Set(known.rows.map(({ name }) => name));
  return NAMES.filter((name) => !names.has(name));
}

/** Earlier releases take the same lock for their session: they and this one never migrate at once. */
async function lockSchema(client: Client, lockTimeoutMs: number): Promise<void> {
  // The server's own limit of a statement is for those that serve, not for a migration.
  await client.query(`SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}; SET LOCAL statement_timeout = 0`);
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [PG_MIGRATE_LOCK_ID]);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_TIMEOUT) throw error;
    throw new MigrationLocked(
      `another session of the database that database.url (DATABASE_URL) names has held the lock of the schema's migrations (pg_locks, objid of ${PG_MIGRATE_LOCK_ID}) for ${lockTimeoutMs / 1000} s; end it with pg_terminate_backend, or restart the pooler, if no process is migrating`,
      { cause: error },
    );
  }
}

function run(client: Client, logger: Logger): Promise<{ name: string }[]> {
  return runner({
    dbClient: client,
    dir: DIR,
    direction: 'up',
    migrationsTable: TABLE,
    // The lock is ours, and so is the transaction: its own BEGIN changes nothing, and its COMMIT ends ours.
    noLock: true,
    singleTransaction: true,
    logger: {
      info: () => undefined,
      warn: (m) => logger.warn(String(m)),
      error: (m) => logger.error(String(m)),
    },
  });
}
