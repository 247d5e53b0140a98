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
    await run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', 'prometheus'], { cwd: folder });
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

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
