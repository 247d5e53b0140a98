import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { steps } from '../../kubectl/steps/steps.ts';
import { ownCluster } from '../real/ownCluster.ts';

const crds = join(import.meta.dirname, '..', '..', '..', 'crds');

// The recordings that the embedded server answers were taken from these steps: here they are true of the real one.
describe('kubectl against kube-apiserver', () => {
  // Its own cluster: the steps take the definitions away in the end.
  let own: Awaited<ReturnType<typeof ownCluster>>;
  beforeAll(async () => {
    own = await ownCluster();
  });
  afterAll(() => own.close());

  for (const step of steps) test(step.title, () => step.run(own.kubectl, crds));
});
