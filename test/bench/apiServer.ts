import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlPlane } from '../envtest/binaries.ts';
import { startCluster } from '../envtest/cluster.ts';
import { startEtcd } from '../envtest/etcd.ts';

/** An API server in processes of its own, so that its CPU is not the client's. */
export interface BenchServer {
  what: string;
  /** Of an administrator, as YAML. */
  kubeconfig: string;
  /** CPU seconds that it has used by now; undefined where the system doesn't tell. */
  cpuSeconds(): Promise<number | undefined>;
  stop(): Promise<void>;
}

export async function startReal(): Promise<BenchServer> {
  const binaries = await controlPlane((line) => console.error(line));
  const folder = await mkdtemp(join(tmpdir(), 'workspace-bench-'));
  const etcd = await startEtcd(binaries.etcd, folder);
  const cluster = await startCluster(binaries, { etcdURL: etcd.url, folder });
  return {
    what: `kube-apiserver ${binaries.version} with etcd`,
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
  const kubeconfig = await Promise.race([
    new Promise<string>((resolve) => child.once('message', (message) => resolve(String(message)))),
    ended,
  ]);
  return {
    what: 'the embedded API server',
    kubeconfig,
    cpuSeconds: () => cpuSecondsOf([child.pid ?? 0]),
    async stop() {
      child.disconnect();
      await ended.catch(() => undefined);
    },
  };
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
