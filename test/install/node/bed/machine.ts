import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isExecutable } from '../../../envtest/goProgram.ts';

/** Debian's packages, by a program of each. .ci/tools.sh installs them. */
const PACKAGES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  nft: 'nftables',
  iptables: 'iptables',
  ipset: 'ipset',
  conntrack: 'conntrack',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  ip: 'iproute2',
  unshare: 'util-linux',
};

/** The namespaces that a node gets, so that nothing of it is left when its first process ends. */
export const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;

// What the node does first inside: a bridge, its own /run, and a /var whose changes are its own.
const TRIAL = `
set -e
ip link set lo up && ip link add node0 type bridge
mount -t tmpfs tmpfs /run && mkdir /run/u /run/w
mount -t overlay overlay -o lowerdir=/var,upperdir=/run/u,workdir=/run/w /var
nft list ruleset
`;

async function has(program: string): Promise<boolean> {
  if (program.startsWith('/')) return isExecutable(program);
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const found = await Promise.all(folders.map((folder) => isExecutable(join(folder, program))));
  return found.includes(true);
}

/** Names of Debian's packages that a node needs and this machine lacks. */
export async function missingPackages(): Promise<string[]> {
  const names = Object.keys(PACKAGES);
  const there = await Promise.all(names.map(has));
  return names.filter((_, index) => !there[index]).map((name) => PACKAGES[name] ?? name);
}

/** Why no node can run on this machine, and what to do about it; undefined where one can. */
export async function whyNoNode(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `a node needs Linux on x86-64, and this is ${process.platform} on ${process.arch}`;
  if (process.getuid?.() !== 0)
    return 'a node needs root: run it as root, in a container or a virtual machine';
  const missing = await missingPackages();
  if (missing.length > 0)
    return `${missing.join(', ')} missing: apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (!/\bcgroup .*\bcpuset\b/.test(await readFile('/proc/mounts', 'utf8')))
    return 'no cgroup v1 with cpuset at /sys/fs/cgroup, and on cgroup v2 alone this node is untried';
  try {
    await promisify(execFile)('unshare', [...NAMESPACES, 'sh', '-c', TRIAL]);
    return undefined;
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1);
    return `this machine lets no process have network, mounts and processes of its own (${said})`;
  }
}
