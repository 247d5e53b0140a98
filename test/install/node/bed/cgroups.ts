import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const CGROUPS = '/sys/fs/cgroup';
const PREFIX = 'workspace-node-';

/** What of the machine's cgroups belongs to the bed that this process owns. */
export function cgroupOf(pid: number): string {
  return `${PREFIX}${pid}`;
}

/** Makes a cgroup in each hierarchy, with the parent's CPUs. */
export async function createCgroup(path: string): Promise<void> {
  for (const controller of await readdir(CGROUPS))
    await mkdir(join(CGROUPS, controller, path), { recursive: true });
  const cpuset = join(CGROUPS, 'cpuset');
  const parts = path.split('/');
  for (const depth of parts.keys()) {
    const folder = join(cpuset, ...parts.slice(0, depth + 1));
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      await writeFile(join(folder, file), await readFile(join(folder, '..', file)));
  }
}

/** Removes those of this bed and of beds whose owner is gone; nothing runs in them any more. */
export async function removeCgroups(own?: string): Promise<void> {
  for (const controller of await readdir(CGROUPS)) {
    const names = (await readdir(join(CGROUPS, controller))).filter((name) => name.startsWith(PREFIX));
    for (const name of names) {
      const isGone = await access(`/proc/${name.slice(PREFIX.length)}`).then(
        () => false,
        () => true,
      );
      if (name === own || isGone) await removeTree(join(CGROUPS, controller, name));
    }
  }
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder);
}
