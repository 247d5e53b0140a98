import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { dropDatabase } from '../../dev/postgres/database.ts';
import { type Postgres, startPostgres } from '../../dev/postgres/postgres.ts';
import { query } from '../../dev/postgres/query.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** GET answers with the run's Postgres: its URL, and what the names of the run's databases begin with. */
    postgres: string;
  }
}

/** One Postgres for all workers of a run, a second of CPU; it starts when the first test asks for it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<Postgres> | undefined;
  const prefix = `test_${randomBytes(4).toString('hex')}_`;
  const door = createServer((_request, response) => {
    postgres ??= startPostgres({ clock: systemClock });
    postgres.then(
      ({ url }) => response.end(JSON.stringify({ url, prefix })),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  project.provide('postgres', `http://127.0.0.1:${(door.address() as AddressInfo).port}/`);
  return async () => {
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
    const started = await postgres?.catch(() => undefined);
    if (started) await dropAll(started.url, prefix).finally(() => started.stop());
  };
}

/** The server may be a person's own, which DATABASE_URL names. */
async function dropAll(server: string, prefix: string): Promise<void> {
  const names = await query(server, 'SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
    prefix,
  ]);
  for (const { datname } of names) await dropDatabase(server, String(datname));
}
