import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Prometheus' promtool: the machine's own, or unpacked once from Debian's package into the user's cache, without root. */
export async function findPromtool(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'workspace-operator', 'prometheus');
  const promtool = join(cache, 'usr', 'bin', 'promtool');
  for (const candidate of ['/usr/bin/promtool', promtool]) if (await isProgram(candidate)) return candidate;
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  try {
    await download(folder);
    await run('sh', ['-c', 'dpkg-deb --extract prometheus_*.deb unpacked'], { cwd: folder });
    await mkdir(join(cache, '..'), { recursive: true });
    // Beside its place first, so that what is found there is whole.
    const whole = `${cache}.${process.pid}`;
    await run('cp', ['-r', join(folder, 'unpacked'), whole]);
    await rename(whole, cache).catch(async (error: unknown) => {
      // Another process was first.
      await rm(whole, { recursive: true, force: true });
      if (!(await isProgram(promtool))) throw error;
    });
    return promtool;
  } catch (cause) {
    throw new Error('promtool is not there and can not be fetched: apt-get install prometheus', { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With the machine's lists of packages or, where it has none, with lists of its own: neither needs root. */
async function download(folder: string): Promise<void> {
  const options = ['-qq', '-o', 'APT::Sandbox::User=root'];
  const get = (...args: string[]) => run('apt-get', [...options, ...args], { cwd: folder });
  try {
    await get('download', 'prometheus');
  } catch {
    const lists = join(folder, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${folder}`];
    await get(...own, 'update');
    await get(...own, 'download', 'prometheus');
  }
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
