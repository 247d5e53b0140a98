import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { canKeepIn, chooseAccount } from './account.ts';
import { reachableBinaries } from './binaries.ts';
import { prepareFolder } from './folder.ts';
import { startPostgres } from './postgres.ts';
import { query } from './query.ts';

const given = process.env.DATABASE_URL;
afterEach(() => {
  if (given) process.env.DATABASE_URL = given;
  else delete process.env.DATABASE_URL;
});

test('a temporary server leaves no file behind, and several live side by side', async () => {
  delete process.env.DATABASE_URL;
  const servers = await Promise.all([1, 2, 3].map(() => startPostgres({ clock: systemClock })));
  const folders: string[] = [];
  for (const { url } of servers) {
    const [row] = await query(url, 'show data_directory');
    folders.push(String(row?.data_directory));
  }
  expect(new Set(folders).size).toBe(3);
  expect(folders.every((folder) => existsSync(folder))).toBe(true);
  await Promise.all(servers.map((server) => server.stop()));
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});

test('a given folder keeps its rows from one start to the next', async () => {
  delete process.env.DATABASE_URL;
  const dataDir = await mkdtemp(join(tmpdir(), 'workspace-postgres-test-'));
  try {
    const first = await startPostgres({ dataDir, clock: systemClock });
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await startPostgres({ dataDir, clock: systemClock });
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  } finally {
    await rm(dataDir, { recursive: true });
  }
});

test('DATABASE_URL is taken as it is, and stopping stops nothing', async () => {
  delete process.env.DATABASE_URL;
  const own = await startPostgres({ clock: systemClock });
  process.env.DATABASE_URL = own.url;
  const given = await startPostgres({ clock: systemClock });
  expect(given.url).toBe(own.url);
  await given.stop();
  expect(await query(own.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await own.stop();
});

/** A string literal that imports it; the path of the checkout may hold any character. */
const moduleURL = (file: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);

test('a server goes with the process that started it, even when that one is killed', async () => {
  const env = { ...process.env };
  delete env.DATABASE_URL;
  const program = `
    import { startPostgres } from ${moduleURL('postgres.ts')};
    import { systemClock } from ${moduleURL('../../src/controller/lib/clock.ts')};
    const { url } = await startPostgres({ clock: systemClock });
    console.log(url);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { env });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('exit', () => reject(new Error('it exited')));
  });
  const [row] = await query(url, 'show data_directory');
  const folder = String(row?.data_directory);
  expect(existsSync(folder)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
  await expect(query(url, 'select 1')).rejects.toThrow();
});

test('a folder where the server’s account can’t keep files is known beforehand', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'workspace-closed-'));
  const isRoot = process.getuid?.() === 0;
  await chmod(folder, 0o700);
  expect(await canKeepIn(folder)).toBe(!isRoot);
  await chmod(folder, 0o755);
  expect(await canKeepIn(folder)).toBe(true);
  await rm(folder, { recursive: true });
});

/** What looks like an installed Postgres, made under `umask 077`: the program needs a library, found through a link. */
async function closedInstallation(folder: string) {
  await mkdir(join(folder, 'bin'), { recursive: true, mode: 0o700 });
  for (const name of ['lib', 'share']) await mkdir(join(folder, name), { mode: 0o700 });
  await writeFile(join(folder, 'lib', 'libanswer.so.1.2'), '42', { mode: 0o600 });
  await symlink('libanswer.so.1.2', join(folder, 'lib', 'libanswer.so.1'));
  const program = '#!/bin/sh\ncat "$(dirname "$0")/../lib/libanswer.so.1"\n';
  for (const name of ['initdb', 'postgres'])
    await writeFile(join(folder, 'bin', name), program, { mode: 0o700 });
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

test('the server’s account can run the binaries wherever root installed them, and remove the copy', async () => {
  const closed = await mkdtemp(join(tmpdir(), 'workspace-closed-'));
  const account = chooseAccount();
  const folder = await prepareFolder(undefined, account);
  try {
    const installed = await closedInstallation(join(closed, 'native'));
    // A copy of an earlier release's is in the way, with links that lead back.
    await mkdir(join(folder, 'native', 'lib'), { recursive: true });
    await symlink(join(closed, 'native/lib/libanswer.so.1.2'), join(folder, 'native/lib/libanswer.so.1'));
    const { postgres } = await reachableBinaries(installed, account, folder);
    expect(execFileSync(postgres, { ...account, cwd: folder, encoding: 'utf8' })).toBe('42');
    execFileSync('rm', ['-rf', join(folder, 'native')], { ...account, cwd: folder });
    expect(existsSync(join(folder, 'native'))).toBe(false);
  } finally {
    for (const path of [closed, folder]) await rm(path, { recursive: true, force: true });
  }
});

test('temporary files are where the server’s account gets, even when TMPDIR is root’s own', async () => {
  const closed = await mkdtemp(join(tmpdir(), 'workspace-closed-'));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = closed;
  const account = chooseAccount();
  let folder: string | undefined;
  try {
    folder = await prepareFolder(undefined, account);
    expect(await canKeepIn(folder)).toBe(true);
    expect((await stat(folder)).uid).toBe(account.uid ?? process.getuid?.());
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    for (const path of [closed, folder]) if (path) await rm(path, { recursive: true, force: true });
  }
});
