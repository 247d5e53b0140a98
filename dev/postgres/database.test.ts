import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock as clock } from '../../src/controller/lib/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/gateway/postgres.ts';
import { takeFolder } from '../keep/folder.ts';
import { startDatabase } from './database.ts';
import { isPostgresURL } from './given.ts';
import { query } from './query.ts';

const given = process.env.DATABASE_URL;
let theirs: TestDatabase;

describe('the database of a stack, where DATABASE_URL names a server', () => {
  beforeEach(async () => {
    theirs = await createTestDatabase();
    process.env.DATABASE_URL = theirs.url;
  });
  afterEach(async () => {
    if (given === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = given;
    await theirs.release();
  });

  test('is one more beside theirs, and goes when the stack stops', async () => {
    const database = await startDatabase({ clock });
    await query(database.url, 'CREATE TABLE mine ()');
    expect(await theirs.query("SELECT FROM pg_tables WHERE tablename = 'mine'")).toEqual([]);
    await database.stop();
    await expect(query(database.url, 'SELECT')).rejects.toThrow('does not exist');
  });

  test('is the same again for a stack that is kept, and empty for one that begins again', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'workspace-database-'));
    const keepIn = join(parent, 'kept');
    try {
      const giveBack = await takeFolder(keepIn, false);
      const first = await startDatabase({ clock, keepIn });
      await query(first.url, 'CREATE TABLE mine ()');
      await first.stop();
      const second = await startDatabase({ clock, keepIn });
      expect(second.url).toBe(first.url);
      await query(second.url, 'SELECT FROM mine');
      await second.stop();
      await writeFile(join(keepIn, 'cluster.json'), '{}');
      await giveBack();
      await takeFolder(keepIn, true);
      const third = await startDatabase({ clock, keepIn, fresh: true });
      expect(third.url).toBe(first.url);
      await expect(query(third.url, 'SELECT FROM mine')).rejects.toThrow('does not exist');
      await theirs.query(`DROP DATABASE ${new URL(third.url).pathname.slice(1)}`);
    } finally {
      await rm(parent, { recursive: true });
    }
  });

  test('says in a line what to do where nothing listens, and hides the password', async () => {
    process.env.DATABASE_URL = 'postgres://me:Tr0ub4dor@127.0.0.1:1/mine?password=Tr0ub4dor';
    await expect(startDatabase({ clock })).rejects.toThrow(
      /^no database can be made on postgres:\/\/127\.0\.0\.1:1\/mine, which DATABASE_URL names \(connect ECONNREFUSED 127\.0\.0\.1:1\): unset DATABASE_URL, and an embedded Postgres is started$/,
    );
  });

  test('says in a line what to do where they may not make one', async () => {
    const url = new URL(theirs.url);
    [url.username, url.password] = [`poor_${url.pathname.slice(1)}`, 'Tr0ub4dor'];
    await theirs.query(`CREATE ROLE ${url.username} LOGIN PASSWORD '${url.password}'`);
    try {
      process.env.DATABASE_URL = url.href;
      await expect(startDatabase({ clock })).rejects.toThrow(
        /^no database can be made on .* \(its user may not make databases\): unset DATABASE_URL, and [^\n]*$/,
      );
    } finally {
      await theirs.query(`DROP ROLE ${url.username}`);
    }
  });
});

test.each(['mysql://root@localhost/shop', 'file:./dev.db', 'postgres://a b', '', 'host=localhost dbname=x'])(
  '%j names no Postgres, so it is left alone',
  (url) => expect(isPostgresURL(url)).toBe(false),
);
