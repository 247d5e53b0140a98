import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DATABASE_MARK } from '../postgres/database.ts';

/** Where a stack that is kept has its state; in .gitignore. */
export const DEFAULT_FOLDER = join(import.meta.dirname, '..', '..', '.dev', 'stack');
const MARK = 'pid';

/**
 * Takes the folder for this process alone, emptied when `fresh`: all but the name of a database elsewhere, which is then
 * emptied as well.
 * @returns how to give it back
 * @throws when another process has it, or when it holds what is not ours to empty
 */
export async function takeFolder(path: string, fresh: boolean): Promise<() => Promise<void>> {
  const folder = resolve(path);
  const mark = join(folder, MARK);
  const owner = await readOwner(mark);
  if (owner !== undefined && isAlive(owner)) {
    throw new Error(
      `${folder} is in use by process ${owner}: use that one, end it with kill ${owner}, or name another with --folder`,
    );
  }
  if (fresh && existsSync(folder)) {
    if (owner === undefined && !existsSync(join(folder, 'cluster.json')))
      throw new Error(`${folder} is no folder of ours, so it is not emptied: remove it yourself`);
    for (const name of await readdir(folder))
      if (name !== DATABASE_MARK) await rm(join(folder, name), { recursive: true });
  }
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(mark, String(process.pid));
  } catch (cause) {
    throw new Error(`${folder} can't be written to (${codeOf(cause)}): name another with --folder`, {
      cause,
    });
  }
  // Empty rather than gone: that marks the folder as ours.
  return () => writeFile(mark, '');
}

async function readOwner(mark: string): Promise<number | undefined> {
  try {
    return Number(await readFile(mark, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, and is somebody else's.
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
