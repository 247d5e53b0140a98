import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Operator } from '../../../src/operator/operator.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { metric, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, putSecret } from '../scene/workspaces.ts';
import { callsBetween, cloudCallsBetween, expectTermsOnly, readBooks } from '../steps/audit.ts';

const COUNT = 40;
/** Forty launches at AWS's default rate would take twenty seconds before anything could be measured. */
const RAISED_QUOTAS = { WORKSPACE_AWS_REQUEST_RATE_PERCENT: '2000' };
/** Sixty of the protocol's seconds at twenty times life size, ms, and the sweeps that fit in. */
const MINUTE_MS = 3_000;
const MOST_SWEEPS = 7;
/** Two calls, twice a minute, and one round more. */
const MOST_STATUS_READS = 6;

describe('forty settled Workspaces', () => {
  let scene: Scene;
  let operator: Operator;

  /** Name and resourceVersion of each; a write to any of them shows. */
  async function versions(): Promise<string[]> {
    const { items } = await scene.kube.list(WORKSPACES);
    return items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
  }

  // An instance whose answer came too late asks again.
  const served = () =>
    new Set(scene.logs.filter((line) => line.msg === 'launch.bootstrapped').map((line) => line.name)).size;

  function reconciles(): Promise<number> {
    return metric(operator, 'controller_runtime_reconcile_total{controller="workspace",result="success"}');
  }

  beforeAll(async () => {
    scene = await createScene({ buckets: {} });
    operator = await scene.start(RAISED_QUOTAS);
    // Setting up forty may take a busy machine longer than the protocol, at this speed, gives one.
    const patient = { startupTimeoutSeconds: 86_400 };
    await scene.kube.create(CLASSES, classManifest('patient', patient));
    await putSecret(scene, 'shared-env', { KEY: 'a' });
    const spec = { className: 'patient', envFrom: [{ secretRef: { name: 'shared-env' } }] };
    await Promise.all(
      Array.from({ length: COUNT }, (_, index) => createWorkspace(scene, `ws-${index}`, spec)),
    );
    await until('all have their environment', () => served() === COUNT);
    await until('all are settled', async () => {
      await wait(200);
      const { items } = await scene.kube.list(WORKSPACES);
      return items.every((item) => JSON.stringify(item).includes('"reason":"Settled"'));
    });
    // Events go out at a pace of their own.
    await until('all is reported', async () => {
      const before = readBooks(scene);
      await wait(500);
      return !('create events.events.k8s.io' in callsBetween(before, readBooks(scene), 'cluster'));
    });
    await sweeps(scene, 2);
  });
  afterAll(() => scene.close());

  test('in sixty seconds nothing is written but the Lease, and EC2 is asked only by the observer, and now and then for a class’s terms', async () => {
    const before = readBooks(scene);
    const settled = await versions();
    await wait(MINUTE_MS);
    const after = readBooks(scene);

    expect(Object.keys(callsBetween(before, after, 'cluster'))).toEqual([
      'update leases.coordination.k8s.io',
    ]);
    expect(await versions()).toEqual(settled);
    const { looks, statusReads } = cloudCallsBetween(before, after);
    expectTermsOnly(before, after, 2);
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThanOrEqual(MOST_SWEEPS);
    expect(statusReads).toBeLessThanOrEqual(MOST_STATUS_READS);
    expect(after.logLines).toBe(before.logLines);
  });

  test('a restart of the operator writes no status and provisions nothing', async () => {
    const settled = await versions();
    await operator.stop();
    const before = readBooks(scene);
    scene.stack.ec2.faults.add({ action: 'DescribeInstances', fault: { kind: 'latency', ms: 500 } });
    operator = await scene.start(RAISED_QUOTAS);
    await until('each was looked at', async () => (await reconciles()) >= COUNT);
    await sweeps(scene, 6);
    const after = readBooks(scene);

    expect(callsBetween(before, after, 'cluster')).not.toHaveProperty([
      'patch workspaces.compute.molecule.ai status',
    ]);
    expect(await versions()).toEqual(settled);
    expectTermsOnly(before, after, 2);
    expect(scene.stack.ec2.counters.provisions()).toHaveLength(COUNT);
  });
});
