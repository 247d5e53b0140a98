import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../envtest/goProgram.ts';

/** Where layers are kept between runs, apart from those of people. */
export const STORAGE = join(cacheFolder(), 'buildah');

/** Runs buildah on that storage; no other process sees what it mounts. Rejects with its last words. */
export async function buildah(...args: string[]): Promise<string> {
  await mkdir(STORAGE, { recursive: true });
  const storage = ['--root', join(STORAGE, 'root'), '--runroot', join(STORAGE, 'run')];
  const all = ['--mount', 'buildah', ...storage, '--storage-driver', 'overlay', ...args];
  try {
    const { stdout } = await promisify(execFile)('unshare', all, { maxBuffer: 2 ** 25 });
    return stdout.trim();
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`buildah ${args[0]} failed:\n${`${stdout}${stderr}`.slice(-4000)}`, { cause: error });
  }
}

/** Builds as root without an engine: chroot alone isolates what runs. Layers that didn't change are taken from the storage. */
export function build(name: string, context: string, ...args: string[]): Promise<string> {
  return buildah('bud', '--quiet', '--isolation', 'chroot', '--layers', '--tag', name, ...args, context);
}
