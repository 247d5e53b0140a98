import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { controlPlane } from '../../envtest/binaries.ts';
import { startCluster } from '../../envtest/cluster.ts';
import { startEtcd } from '../../envtest/etcd.ts';

/** How an administrator reaches it: as a Pod does, by a folder with a token and the authority's certificate. */
export interface Access {
  url: string;
  mount: string;
}

/** An API server in processes of its own, so that its CPU is not the client's. */
export interface BenchServer {
  what: string;
  access: Access;
  /** The same as YAML. */
  kubeconfig: string;
  /** CPU seconds that it has used by now; undefined where the system doesn't say. */
  cpuSeconds(): Promise<number | undefined>;
  stop(): Promise<void>;
}

export async function startReal(): Promise<BenchServer> {
  const binaries = await controlPlane((line) => console.error(line));
  const folder = await mkdtemp(join(tmpdir(), 'workspace-bench-'));
  const etcd = await startEtcd(binaries.etcd, folder);
  const cluster = await startCluster(binaries, { etcdURL: etcd.url, folder });
  await writeMount(folder, cluster.token, cluster.caPEM);
  return {
    what: `kube-apiserver ${binaries.version} with etcd`,
    access: { url: cluster.url, mount: folder },
    kubeconfig: cluster.kubeconfig,
    cpuSeconds: () => cpuSecondsOf([etcd.pid, cluster.pid]),
    async stop() {
      await cluster.stop();
      await etcd.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function startEmbedded(): Promise<BenchServer> {
  const child = fork(join(import.meta.dirname, 'embeddedServer.ts'));
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`the embedded API server ended with ${code}`)));
  });
  const message = new Promise<unknown>((resolve) => child.once('message', resolve));
  const { url, caPEM, kubeconfig } = z
    .object({ url: z.string(), caPEM: z.string(), kubeconfig: z.string() })
    .parse(await Promise.race([message, ended]));
  const folder = await mkdtemp(join(tmpdir(), 'workspace-bench-'));
  const { users } = z
    .object({ users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]) })
    .parse(parse(kubeconfig));
  await writeMount(folder, users[0].user.token, caPEM);
  return {
    what: 'the embedded API server',
    access: { url, mount: folder },
    kubeconfig,
    cpuSeconds: () => cpuSecondsOf([child.pid ?? 0]),
    async stop() {
      child.disconnect();
      await ended.catch(() => undefined);
      await rm(folder, { recursive: true });
    },
  };
}

async function writeMount(folder: string, token: string, caPEM: string): Promise<void> {
  await writeFile(join(folder, 'token'), token, { mode: 0o600 });
  await writeFile(join(folder, 'ca.crt'), caPEM);
}

/** From Linux's /proc: the 14th and 15th field, in hundredths of a second (proc_pid_stat(5); USER_HZ is 100 everywhere). */
async function cpuSecondsOf(pids: number[]): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
  const ticks = stats.map((stat) => {
    // The second field, the program's name, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}
