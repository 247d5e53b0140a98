import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { controlPlane } from '../envtest/binaries.ts';
import { type Cluster, startCluster } from '../envtest/cluster.ts';
import { createKubectl, type Kubectl } from '../kubectl/kubectl.ts';
import { steps } from '../kubectl/steps.ts';

const crds = join(import.meta.dirname, '..', '..', 'crds');

// The recordings that the embedded server answers were taken from these steps: here they are true of the real one.
describe('kubectl against kube-apiserver', () => {
  let cluster: Cluster;
  let kubectl: Kubectl;
  beforeAll(async () => {
    const binaries = await controlPlane((line) => console.error(line));
    // Its own: the steps take the definitions away in the end.
    cluster = await startCluster(binaries);
    kubectl = await createKubectl(binaries.kubectl, cluster.kubeconfig);
  });
  afterAll(async () => {
    await kubectl.close();
    await cluster.stop();
  });

  for (const step of steps) test(step.title, () => step.run(kubectl, crds));
});
