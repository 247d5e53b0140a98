import type { TestProject } from 'vitest/node';
import { controlPlane } from './binaries.ts';
import { startCluster } from './cluster.ts';

/** Where tests find the real cluster. */
export interface ClusterAccess {
  /** Of an administrator, as YAML. */
  kubeconfig: string;
  etcdURL: string;
  auditLog: string;
  /** The path of a kubectl as old as the cluster. */
  kubectl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** null where tests run without one. */
    realCluster: ClusterAccess | null;
  }
}

/** One real cluster for all tests of a run; each of them works in namespaces of its own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binaries = await controlPlane((line) => console.error(line));
  const { kubeconfig, etcdURL, auditLog, stop } = await startCluster(binaries);
  project.provide('realCluster', { kubeconfig, etcdURL, auditLog, kubectl: binaries.kubectl });
  return stop;
}
