import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import type { Logger } from 'pino';

/**
 * Brings the schema up to date. Replicas that start together wait for one another on an advisory lock.
 * Migrations only expand (new tables, new nullable or defaulted columns), so that an older gateway keeps working beside a newer one.
 * Rejects when the database is unreachable or refuses.
 */
export async function migrate(
  databaseURL: string,
  { logger, connectTimeoutMs }: { logger: Logger; connectTimeoutMs: number },
): Promise<void> {
  // A session of its own: the lock belongs to the session, and the pool's statement timeout must not cut a migration.
  const client = new pg.Client({
    connectionString: databaseURL,
    application_name: 'workspace-migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  client.on('error', (error) => logger.warn({ err: error }, 'connection for migrations lost'));
  await client.connect();
  try {
    const done = await runner({
      dbClient: client,
      dir: join(import.meta.dirname, 'schema'),
      direction: 'up',
      migrationsTable: 'workspace_schema_migrations',
      advisoryLockMode: 'wait',
      logger: {
        info: () => undefined,
        warn: (m) => logger.warn(String(m)),
        error: (m) => logger.error(String(m)),
      },
    });
    for (const { name } of done) logger.info({ migration: name }, 'schema migrated');
  } finally {
    await client.end();
  }
}
