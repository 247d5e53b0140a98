import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A program of one of Debian's packages: the machine's own, or unpacked once into the user's cache, without root.
 * Throws where there is neither, and names the package to install.
 */
export async function findDebianProgram(
  packageName: string,
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'workspace-operator', packageName);
  const unpacked = join(cache, path);
  for (const candidate of [join('/', path), unpacked]) if (await isProgram(candidate)) return candidate;
  const folder = await mkdtemp(join(tmpdir(), `${packageName}-`));
  try {
    await download(packageName, folder);
    await run('sh', ['-c', `dpkg-deb --extract ${packageName}_*.deb unpacked`], { cwd: folder });
    await mkdir(join(cache, '..'), { recursive: true });
    // Beside its place first, so that what is found there is whole.
    const whole = `${cache}.${process.pid}`;
    await run('cp', ['-r', join(folder, 'unpacked'), whole]);
    await rename(whole, cache).catch(async (error: unknown) => {
      // Another process was first.
      await rm(whole, { recursive: true, force: true });
      if (!(await isProgram(unpacked))) throw error;
    });
    return unpacked;
  } catch (cause) {
    const message = `${basename(path)} is missing and could not be downloaded: run apt-get install ${packageName}`;
    throw new Error(message, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Prometheus' checker of rules and queries. */
export function findPromtool(): Promise<string> {
  return findDebianProgram('prometheus', 'usr/bin/promtool');
}

/** With the machine's lists of packages or, where it has none, with lists of its own: neither needs root. */
async function download(packageName: string, folder: string): Promise<void> {
  const options = ['-qq', '-o', 'APT::Sandbox::User=root'];
  const get = (...args: string[]) => run('apt-get', [...options, ...args], { cwd: folder });
  try {
    await get('download', packageName);
  } catch {
    const lists = join(folder, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${folder}`];
    await get(...own, 'update');
    await get(...own, 'download', packageName);
  }
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
