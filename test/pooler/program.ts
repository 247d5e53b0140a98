import { execFile } from 'node:child_process';
import { cp, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isExecutable } from '../envtest/goProgram.ts';
import { unpackPackages } from '../support/programs/debianPackage.ts';

const run = promisify(execFile);
/** Debian's packages: the pooler, and the libraries that a slim machine lacks. */
const PACKAGES = ['pgbouncer', 'libevent-2.1-7', 'libc-ares2'] as const;
const PROGRAM = 'usr/sbin/pgbouncer';

export interface Pgbouncer {
  binary: string;
  env: Readonly<Record<string, string>>;
}

/**
 * PgBouncer as it is installed (PGBOUNCER names another), or from Debian's packages, unpacked: an install would start a
 * service. Throws where there is neither, with why.
 * @param folder where the account that runs it may read
 */
export async function findPgbouncer(folder: string): Promise<Pgbouncer> {
  const { PGBOUNCER, PATH = '' } = process.env;
  const places = [...PATH.split(delimiter), '/usr/sbin'].map((place) => join(place, 'pgbouncer'));
  for (const binary of PGBOUNCER === undefined ? places : [PGBOUNCER])
    if (await isExecutable(binary)) return { binary, env: {} };
  try {
    const files = join(folder, 'files');
    // Its links lead to what is beside them.
    await cp(await unpackPackages(PACKAGES, PROGRAM), files, { recursive: true, verbatimSymlinks: true });
    const libraries = (await readdir(join(files, 'usr', 'lib'))).map((name) =>
      join(files, 'usr', 'lib', name),
    );
    const found = {
      binary: join(files, PROGRAM),
      env: { LD_LIBRARY_PATH: libraries.join(':') },
    };
    await run(found.binary, ['--version'], { env: found.env });
    return found;
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr || error)
      .trim()
      .split('\n')[0];
    const message = `there is no pgbouncer, and Debian's package can't be had (${said}): install it, or set PGBOUNCER`;
    throw new Error(message, { cause: error });
  }
}
