import { chmod, chown, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Account, canKeepIn } from './account.ts';

/** Where every user may write on any Unix, should TMPDIR be root's own. */
const FOR_ALL = ['/tmp', '/var/tmp'];

/** A folder of the account's: the given one, or a temporary one. @throws when there is none that the account may enter */
export async function prepareFolder(dataDir: string | undefined, account: Account): Promise<string> {
  const folder =
    dataDir === undefined
      ? await mkdtemp(join(await temporaryParent(), 'workspace-postgres-'))
      : resolve(dataDir);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
  return folder;
}

async function temporaryParent(): Promise<string> {
  const usual = resolve(tmpdir());
  for (const parent of [usual, ...FOR_ALL]) if (await canKeepIn(parent)) return parent;
  throw new Error(
    `Postgres runs as another user than root, who may not enter ${usual}: set TMPDIR to a folder that every user may enter`,
  );
}
