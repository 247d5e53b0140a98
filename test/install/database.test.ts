import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { query } from '../../dev/postgres/query.ts';
import { createPostgresStore } from '../../src/gateway/store/postgresStore.ts';
import { heartbeat } from '../support/gateway/heartbeats.ts';
import { createTestDatabase } from '../support/gateway/postgres.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'install', 'eks.md');

test('the SQL of eks.md makes what a gateway needs, as RDS’s master user, who is no superuser', async () => {
  const database = await createTestDatabase();
  // One server is everybody's, so what is made there has names of its own.
  const id = randomBytes(6).toString('hex');
  const [master, user, name, password] = [`master_${id}`, `operator_${id}`, `workspaces_${id}`, id];
  const [, page = ''] = /```sql\n(.*?)```/s.exec(await readFile(PAGE, 'utf8')) ?? [];
  const sql = page
    .replaceAll(/\boperator\b/g, user)
    .replaceAll(/\bworkspaces\b/g, name)
    .replace('…', password);
  const urlOf = (username: string, pathname = '') =>
    Object.assign(new URL(database.url), { username, password, ...(pathname && { pathname }) }).href;
  await database.query(`CREATE ROLE ${master} LOGIN CREATEROLE CREATEDB PASSWORD '${password}'`);
  try {
    for (const statement of sql.replaceAll(/--.*$/gm, '').split(';')) {
      if (statement.trim() !== '') await query(urlOf(master), statement);
    }
    const store = createPostgresStore({
      databaseURL: urlOf(user, name),
      logger: pino({ level: 'silent' }),
      timeoutMs: 10_000,
    });
    await store.recordHeartbeats([heartbeat({ uid: 'one' })]);
    expect((await store.readAll()).rows).toHaveLength(1);
    await store.close();
  } finally {
    await database.query(`DROP DATABASE IF EXISTS ${name}`);
    await database.query(`DROP ROLE IF EXISTS ${user}`);
    await database.query(`DROP ROLE ${master}`);
    await database.release();
  }
});
