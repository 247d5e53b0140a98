import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, isExecutable } from '../envtest/goProgram.ts';

const run = promisify(execFile);
/** Debian's packages: the pooler, and the libraries that a slim machine lacks. */
const PACKAGES = ['pgbouncer', 'libevent-2.1-7', 'libc-ares2'];

export interface Pgbouncer {
  binary: string;
  env: Readonly<Record<string, string>>;
}

/**
 * PgBouncer as it is installed (PGBOUNCER names another), or from Debian's packages, unpacked: an install would start a
 * service. Answers with why there is none.
 * @param folder where the account that runs it may read
 */
export async function findPgbouncer(folder: string): Promise<Pgbouncer | string> {
  const { PGBOUNCER, PATH = '' } = process.env;
  const places = [...PATH.split(delimiter), '/usr/sbin'].map((place) => join(place, 'pgbouncer'));
  for (const binary of PGBOUNCER === undefined ? places : [PGBOUNCER])
    if (await isExecutable(binary)) return { binary, env: {} };
  try {
    const files = join(folder, 'files');
    // Its links lead to what is beside them.
    await cp(await unpacked(), files, { recursive: true, verbatimSymlinks: true });
    const libraries = (await readdir(join(files, 'usr', 'lib'))).map((name) =>
      join(files, 'usr', 'lib', name),
    );
    const found = {
      binary: join(files, 'usr', 'sbin', 'pgbouncer'),
      env: { LD_LIBRARY_PATH: libraries.join(':') },
    };
    await run(found.binary, ['--version'], { env: found.env });
    return found;
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr || error)
      .trim()
      .split('\n')[0];
    return `there is no pgbouncer, and Debian's package can't be had (${said}): apt-get update, or set PGBOUNCER`;
  }
}

/** The packages' files, in the user's cache. */
async function unpacked(): Promise<string> {
  const cache = cacheFolder();
  const folder = join(cache, 'pgbouncer');
  if (await isExecutable(join(folder, 'usr', 'sbin', 'pgbouncer'))) return folder;
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, '.pgbouncer-'));
  try {
    await run('apt-get', ['download', ...PACKAGES], { cwd: unfinished });
    const archives = (await readdir(unfinished)).filter((name) => name.endsWith('.deb'));
    const whole = join(unfinished, 'whole');
    for (const archive of archives) await run('dpkg', ['-x', join(unfinished, archive), whole]);
    await rename(whole, folder);
    return folder;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
