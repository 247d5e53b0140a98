import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningApiServer, startApiServer } from '../../dev/apiserver/server.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createKubectl, type Kubectl, namedKubectls, usable } from './kubectl.ts';
import { steps } from './steps/steps.ts';

const crds = fileURLToPath(new URL('../../crds', import.meta.url));
const kubectls = await usable(['kubectl', ...namedKubectls()]);

// Where there is no kubectl at all, the recordings stand in for it: see replay.test.ts.
test('a kubectl that KUBECTL names is one that can be tested with', () => {
  expect(kubectls.map(({ binary }) => binary)).toEqual(expect.arrayContaining(namedKubectls()));
});

describe.each(kubectls)('kubectl $version', ({ binary }) => {
  let server: RunningApiServer;
  let kubectl: Kubectl;
  const failures: unknown[] = [];
  beforeAll(async () => {
    const logger = { error: (fields: object) => failures.push(fields) };
    server = await startApiServer({ clock: systemClock, random: systemRandom, logger });
    kubectl = await createKubectl(binary, server.kubeconfig);
  });
  afterAll(async () => {
    await kubectl.close();
    await server.stop();
  });

  for (const step of steps) test(step.title, () => step.run(kubectl, crds));

  test('none of it was an error of the server’s own', () => {
    expect(failures).toEqual([]);
  });
});
