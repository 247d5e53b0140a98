import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, isExecutable } from '../../envtest/goProgram.ts';

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
  const installed = join('/', path);
  return (await isExecutable(installed))
    ? installed
    : join(await unpackPackages([packageName], path, env), path);
}

/**
 * The folder of the user's cache that holds what these packages hold, unpacked there once, without root.
 * @param path a program of the first one; throws where it can't be had, and names the package to install
 */
export async function unpackPackages(
  packageNames: readonly [string, ...string[]],
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const [packageName] = packageNames;
  const cache = join(cacheFolder(env), packageName);
  const unpacked = join(cache, path);
  if (await isExecutable(unpacked)) return cache;
  const folder = await mkdtemp(join(tmpdir(), `${packageName}-`));
  try {
    await download(packageNames, folder);
    const archives = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
    for (const archive of archives)
      await run('dpkg-deb', ['--extract', archive, 'unpacked'], { cwd: folder });
    await mkdir(join(cache, '..'), { recursive: true });
    // Beside its place first, so that what is found there is whole.
    const whole = `${cache}.${process.pid}`;
    await run('cp', ['-r', join(folder, 'unpacked'), whole]);
    await rename(whole, cache).catch(async (error: unknown) => {
      // Another process was first.
      await rm(whole, { recursive: true, force: true });
      if (!(await isExecutable(unpacked))) throw error;
    });
    return cache;
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
async function download(packageNames: readonly string[], folder: string): Promise<void> {
  const options = ['-qq', '-o', 'APT::Sandbox::User=root'];
  const get = (...args: string[]) => run('apt-get', [...options, ...args], { cwd: folder });
  try {
    await get('download', ...packageNames);
  } catch {
    const lists = join(folder, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${folder}`];
    await get(...own, 'update');
    await get(...own, 'download', ...packageNames);
  }
}
