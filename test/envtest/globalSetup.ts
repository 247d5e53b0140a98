import type { TestProject } from 'vitest/node';
import { controlPlane } from './binaries.ts';
import { startCluster } from './cluster.ts';

/** Where tests find the real cluster. */
export interface ClusterAccess {
  kubeconfig: string;
  etcdURL: string;
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
  const { kubeconfig, etcdURL, stop } = await startCluster(binaries);
  project.provide('realCluster', { kubeconfig, etcdURL });
  return stop;
}
