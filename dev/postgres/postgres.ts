import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../src/controller/lib/clock.ts';
import { freePort } from '../ports.ts';
import { type Account, chooseAccount } from './account.ts';
import { type Binaries, findBinaries, lastLine, reachableBinaries } from './binaries.ts';
import { prepareFolder } from './folder.ts';
import { givenServer } from './given.ts';
import { PortTaken, type Server, serve, serverEnvironment } from './server.ts';

export interface Postgres {
  /** Connection URL of the database `postgres`, password included. */
  url: string;
  /** Stops the server and removes what was made for it; a given dataDir stays. */
  stop(): Promise<void>;
}

const PORT_ATTEMPTS = 10;

/**
 * Starts a real Postgres on a free port of 127.0.0.1, or takes the server that DATABASE_URL names.
 * Without `dataDir` its files are temporary; they go even when this process is killed.
 */
export async function startPostgres(options: { dataDir?: string; clock: Clock }): Promise<Postgres> {
  const given = await givenServer();
  if (given !== undefined) return { url: given, stop: async () => undefined };

  const account = chooseAccount();
  const folder = await prepareFolder(options.dataDir, account);
  const temporary = options.dataDir === undefined;
  try {
    const binaries = await reachableBinaries(await findBinaries(), account, folder);
    const password = await initialise(binaries, folder, account);
    const server = await serveOnFreePort({
      binary: binaries.postgres,
      dataDir: join(folder, 'data'),
      account,
      clock: options.clock,
      removeAtEnd: temporary ? folder : undefined,
    });
    return {
      // Without TLS, even if PGSSLMODE asks for it.
      url: `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres?sslmode=disable`,
      async stop() {
        await server.stop();
        // The keeper may empty the folder, but, as another user, not remove it from any but an open parent.
        if (temporary) await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    if (temporary) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Makes the cluster unless it is there; answers with the superuser's password. */
async function initialise(binaries: Binaries, folder: string, account: Account): Promise<string> {
  const passwordFile = join(folder, 'password');
  if (existsSync(join(folder, 'data', 'PG_VERSION'))) return (await readFile(passwordFile, 'utf8')).trim();
  const password = randomBytes(18).toString('hex');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined)
    await chown(passwordFile, account.uid, account.gid);
  const setUp = promisify(execFile)(
    binaries.initdb,
    [
      `--pgdata=${join(folder, 'data')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...account, cwd: folder, env: serverEnvironment() },
  );
  await setUp.catch((cause: unknown) => {
    throw new Error(
      `the embedded Postgres can't run here (${lastLine(cause)}): set DATABASE_URL to a Postgres of your own`,
      { cause },
    );
  });
  return password;
}

/** Between finding a free port and binding it another process may take it; then the next one is tried. */
async function serveOnFreePort(options: Omit<Parameters<typeof serve>[0], 'port'>): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return await serve({ ...options, port });
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt >= PORT_ATTEMPTS) throw error;
    }
  }
}
