import type { DatabaseOptions } from '../gateway/store/databaseClient.ts';
import { clientClassOf } from '../gateway/store/databaseClient.ts';
import { storeFailure } from '../gateway/store/databaseErrors.ts';
import { missingMigrations } from '../gateway/store/migrate.ts';
import { type Check, failed, passed } from './finding.ts';

const CHECK = 'database';

/** Postgres is reached as the operator reaches it, and has every table. */
export function databaseCheck(options: DatabaseOptions & { timeoutMs: number }): Check {
  // Neither user nor password.
  const { hostname, port, pathname } = new URL(options.databaseURL);
  const object = `Postgres ${hostname}:${port || 5432}${pathname}`;
  return {
    name: CHECK,
    object,
    async run() {
      const { timeoutMs } = options;
      const Client = clientClassOf(options, () => ({
        connectionTimeoutMillis: timeoutMs,
        query_timeout: timeoutMs,
      }));
      const client = new Client();
      client.on('error', () => undefined);
      try {
        await client.connect();
        const missing = await missingMigrations(client);
        if (missing.length > 0)
          return [
            failed(
              CHECK,
              object,
              `${missing.length} migrations are missing: ${missing.join(', ')}`,
              'a gateway runs them when it starts: read its log, and check that its user may create tables',
            ),
          ];
        const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
        return [
          passed(CHECK, object, `Postgres ${rows[0]?.server_version} answers, and the schema is up to date`),
        ];
      } catch (error) {
        const [cause = '', ...next] = storeFailure('log in', error).message.split('; ');
        return [failed(CHECK, object, cause, next.join('; ') || 'check DATABASE_URL')];
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}
