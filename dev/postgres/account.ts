import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Whom Postgres runs as: it refuses root, so root lends it an account without rights. */
export interface Account {
  uid?: number;
  gid?: number;
}

const READ_AND_ENTER = 0o005;
const ENTER = 0o001;

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
    'Postgres refuses to run as root and there is no account postgres or nobody: set DATABASE_URL to a Postgres of your own',
  );
}

/** Whether the account may keep files in this folder: as root it is a lent one, which has to get there. */
export async function canKeepIn(folder: string): Promise<boolean> {
  return chooseAccount().uid === undefined || (await othersMay(resolve(folder), ENTER));
}

/** Whether the account may read and execute what is there; all of them, if they are several. */
export async function canUse(account: Account, paths: readonly string[]): Promise<boolean> {
  if (account.uid === undefined) return true;
  const open = await Promise.all(paths.map((path) => othersMay(path, READ_AND_ENTER)));
  return open.every(Boolean);
}

async function othersMay(path: string, right: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || (found.mode & right) !== right) return false;
  return path === dirname(path) || othersMay(dirname(path), ENTER);
}
