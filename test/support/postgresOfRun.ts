import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type Postgres, startPostgres } from '../../dev/postgres/postgres.ts';
import { systemClock } from '../../src/controller/clock.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** GET answers with the URL of the run's Postgres. */
    postgres: string;
  }
}

/** One Postgres for all workers of a run, a second of CPU; it starts when the first test asks for it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<Postgres> | undefined;
  const door = createServer((_request, response) => {
    postgres ??= startPostgres({ clock: systemClock });
    postgres.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  project.provide('postgres', `http://127.0.0.1:${(door.address() as AddressInfo).port}/`);
  return async () => {
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
    await (await postgres?.catch(() => undefined))?.stop();
  };
}
