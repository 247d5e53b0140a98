import { inject } from 'vitest';
import type { Cluster } from '../../envtest/cluster.ts';
import { openCluster } from '../../envtest/dispenser.ts';
import { createKubectl, type Kubectl } from '../../kubectl/kubectl.ts';
import { until } from '../../scenarios/scene/until.ts';

/** What the run's real control plane offers. @throws where the run has none */
export function realCluster() {
  const access = inject('realCluster');
  if (!access) throw new Error('this needs a real cluster: npm run test:cluster');
  return access;
}

/** A cluster that no other test uses, and a kubectl for it that starts in `folder`. */
export async function ownCluster(
  folder?: string,
): Promise<{ cluster: Cluster; kubectl: Kubectl; close(): Promise<void> }> {
  const access = realCluster();
  const cluster = await openCluster(access.dispenser);
  const kubectl = await createKubectl(access.kubectl, cluster.kubeconfig, folder);
  await until('there are its namespaces', async () =>
    /default[\s\S]*kube-system/.test((await kubectl.run(['get', 'ns'])).stdout),
  );
  return {
    cluster,
    kubectl,
    async close() {
      await kubectl.close();
      await cluster.stop();
    },
  };
}
