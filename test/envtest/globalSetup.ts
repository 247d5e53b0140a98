import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { controlPlane } from './binaries.ts';
import { startCluster } from './cluster.ts';
import { startDispenser } from './dispenser.ts';
import { startEtcd } from './etcd.ts';

/** Where tests find real clusters. */
export interface ClusterAccess {
  /** Of the administrator of the one that tests share, each in namespaces of its own; as YAML. */
  kubeconfig: string;
  etcdURL: string;
  /** Where to ask for one of one's own. */
  dispenser: string;
  /** Of the audit logs of them all. */
  auditFolder: string;
  /** The path of a kubectl as old as the clusters. */
  kubectl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** null where tests run without one. */
    realCluster: ClusterAccess | null;
  }
}

/** One etcd for all tests of a run; control planes on it cost two seconds each. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binaries = await controlPlane((line) => console.error(line));
  const folder = await mkdtemp(join(tmpdir(), 'workspace-envtest-'));
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const etcd = await startEtcd(binaries.etcd, folder);
    stops.push(etcd.stop);
    const start = () => startCluster(binaries, { etcdURL: etcd.url, folder });
    const shared = await start();
    stops.push(shared.stop);
    const dispenser = await startDispenser(start);
    stops.push(dispenser.stop);
    project.provide('realCluster', {
      kubeconfig: shared.kubeconfig,
      etcdURL: etcd.url,
      dispenser: dispenser.url,
      auditFolder: folder,
      kubectl: binaries.kubectl,
    });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
