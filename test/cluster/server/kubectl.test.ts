import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import type { Cluster } from '../../envtest/cluster.ts';
import { openCluster } from '../../envtest/dispenser.ts';
import { createKubectl, type Kubectl } from '../../kubectl/kubectl.ts';
import { steps } from '../../kubectl/steps/steps.ts';

const crds = join(import.meta.dirname, '..', '..', '..', 'crds');

// The recordings that the embedded server answers were taken from these steps: here they are true of the real one.
describe('kubectl against kube-apiserver', () => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  beforeAll(async () => {
    const access = inject('realCluster');
    if (!access) throw new Error('this needs a real cluster: npm run test:cluster');
    // Its own: the steps take the definitions away in the end.
    cluster = await openCluster(access.dispenser);
    kubectl = await createKubectl(access.kubectl, cluster.kubeconfig);
  });
  afterAll(async () => {
    await kubectl.close();
    await cluster.stop();
  });

  for (const step of steps) test(step.title, () => step.run(kubectl, crds));
});
