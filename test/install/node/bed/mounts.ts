import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from './place.ts';

/** What a kubelet sets for the whole machine. */
const SYSCTLS = [
  '/proc/sys/vm/overcommit_memory',
  '/proc/sys/kernel/panic',
  '/proc/sys/kernel/panic_on_oops',
];

/**
 * Gives this process's own mount namespace a /run, a /var and sysctls whose changes end with it: containerd,
 * runc, CNI and the kubelet write to fixed paths there.
 */
export async function startMounts(folder: string): Promise<void> {
  await run('mount', '-t', 'tmpfs', 'tmpfs', '/run');
  const [upper, work] = [join(folder, 'var'), join(folder, 'var-work')];
  await mkdir(upper);
  await mkdir(work);
  const layers = `lowerdir=/var,upperdir=${upper},workdir=${work}`;
  await run('mount', '-t', 'overlay', 'overlay', '-o', layers, '/var');
  for (const path of SYSCTLS) {
    const copy = join(folder, basename(path));
    await writeFile(copy, await readFile(path));
    await run('mount', '--bind', copy, path);
  }
  // A Pod gets what is in there, and there is no name to ask here.
  const resolv = join(folder, 'resolv.conf');
  await copyFile('/dev/null', resolv);
  await run('mount', '--bind', resolv, '/etc/resolv.conf');
}
