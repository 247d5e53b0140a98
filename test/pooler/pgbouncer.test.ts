import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import { chooseAccount } from '../../dev/postgres/account.ts';
import { createPostgresStore } from '../../src/gateway/store/postgresStore.ts';
import { heartbeat } from '../support/gateway/heartbeats.ts';
import { createTestDatabase } from '../support/gateway/postgres.ts';
import { needed } from '../support/programs/needed.ts';
import { findPgbouncer } from './program.ts';

const ALL = readdirSync(new URL('../../src/gateway/schema', import.meta.url));

// It refuses to run as root, and then reads nothing below root's own folders.
const folder = mkdtempSync('/tmp/pgbouncer-');
chmodSync(folder, 0o755);
const program = await needed(() => findPgbouncer(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(program === undefined)(
  'behind PgBouncer in transaction mode six gateways start together, ten times over',
  async () => {
    const database = await createTestDatabase();
    const pgbouncer = await startPgbouncer(new URL(database.url));
    try {
      for (let round = 0; round < 10; round += 1) {
        await database.query('DROP SCHEMA public CASCADE');
        await database.query('CREATE SCHEMA public');
        const options = { databaseURL: pgbouncer.url, logger: pino({ level: 'silent' }), timeoutMs: 10_000 };
        const stores = Array.from({ length: 6 }, () => createPostgresStore(options));
        await Promise.all(
          stores.map((store, index) => store.recordHeartbeats([heartbeat({ uid: `u${index}` })])),
        );
        expect((await stores[0]?.readAll())?.rows).toHaveLength(6);
        await Promise.all(stores.map((store) => store.close()));
        const names = await database.query('SELECT name FROM workspace_schema_migrations ORDER BY id');
        expect(names.map(({ name }) => `${name}.sql`)).toEqual(ALL);
        const locks = await database.query(
          "SELECT pid FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = current_database()",
        );
        expect(locks).toEqual([]);
      }
    } finally {
      await pgbouncer.stop();
      await database.release();
    }
  },
);

async function startPgbouncer(server: URL): Promise<{ url: string; stop(): Promise<void> }> {
  if (program === undefined) throw new Error('there is no pgbouncer');
  const port = await freePort();
  const users = join(folder, 'users');
  const ini = join(folder, 'ini');
  writeFileSync(users, `"${server.username}" "${decodeURIComponent(server.password)}"\n`);
  writeFileSync(
    ini,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
auth_file = ${users}
pool_mode = transaction
default_pool_size = 3
`.replace('* = ', `* = user=${server.username} password=${decodeURIComponent(server.password)} `),
  );
  const account = chooseAccount();
  for (const path of [folder, users, ini])
    if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid);
  const child = spawn(program.binary, [ini], {
    ...account,
    env: program.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += String(chunk);
      if (log.includes('process up')) resolve();
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`pgbouncer ended: ${log}`)));
  });
  return {
    url: `postgres://pooled@127.0.0.1:${port}${server.pathname}?sslmode=disable`,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
