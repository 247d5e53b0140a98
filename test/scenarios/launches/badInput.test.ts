import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Operator } from '../../../src/operator/operator.ts';
import { liveInstancesOf, metric, provisionsOf } from '../scene/counts.ts';
import { CLASSES, classManifest, NAMESPACE, SECRETS } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { callsBetween, cloudCallsBetween, readBooks } from '../steps/audit.ts';
import { eventsOf } from '../steps/events.ts';
import { refuse, relent } from '../steps/refusals.ts';

const SETTINGS = {
  WORKSPACE_AWS_REQUEST_RATE_PERCENT: '2000',
  // Longer than this file takes: what has no capacity is fixed by another type, not by time.
  WORKSPACE_AWS_CAPACITY_RETRY_MS: '600000',
};
/** Sixty of the protocol's seconds, ms. */
const MINUTE_MS = 3_000;

interface Case {
  name: string;
  /** What the class has besides the standard's. */
  spec?: Record<string, unknown>;
  spoil(scene: Scene, name: string): Promise<unknown>;
  reason: string;
  message: RegExp;
  fix(scene: Scene, name: string): unknown;
  /** The launch that is Ready in the end. */
  launch: number;
}

const secretOf = (name: string) => `${name}-env`;
const change = (scene: Scene, name: string) => putSecret(scene, secretOf(name), { KEY: 'b' });
const patchClass = (scene: Scene, name: string, spec: Record<string, unknown>) =>
  scene.kube.mergePatch(CLASSES, { name }, { spec });
const account = (scene: Scene) => scene.stack.ec2.state.account;
const OWN_IMAGE = 'ami-0dddddddddddddddd';

const ownImage = {
  id: OWN_IMAGE,
  name: 'own',
  architecture: 'x86_64',
  state: 'available',
  rootDeviceName: '/dev/xvda',
  snapshotSize: 8,
} as const;

const CASES: Case[] = [
  {
    name: 'secret-missing',
    spoil: (scene, name) => scene.kube.delete(SECRETS, secretOf(name), NAMESPACE),
    reason: 'SecretMissing',
    message: /Secret "secret-missing-env" not found in namespace "default"; create it/,
    fix: (scene, name) => putSecret(scene, secretOf(name), { KEY: 'a' }),
    launch: 1,
  },
  {
    name: 'class-missing',
    spoil: (scene, name) => scene.kube.delete(CLASSES, name),
    reason: 'ClassNotFound',
    message: /WorkspaceClass "class-missing" does not exist; create it/,
    fix: (scene, name) => scene.kube.create(CLASSES, classManifest(name)),
    launch: 1,
  },
  {
    name: 'namespace-not-allowed',
    spoil: (scene, name) => patchClass(scene, name, { allowedNamespaces: { from: 'None' } }),
    reason: 'ClassNotAllowed',
    message: /does not allow namespace "default"; ask its owner/,
    fix: (scene, name) => patchClass(scene, name, { allowedNamespaces: { from: 'All' } }),
    launch: 1,
  },
  {
    name: 'type-not-offered',
    spoil: (scene, name) => patchWorkspace(scene, name, { spec: { instanceType: 'c7i.large' } }),
    reason: 'InvalidConfiguration',
    message: /c7i.large is not offered by WorkspaceClass "type-not-offered"; choose one of m7i.large/,
    fix: (scene, name) => patchClass(scene, name, { instanceTypes: [{ name: 'c7i.large' }] }),
    launch: 2,
  },
  {
    name: 'parameter-missing',
    async spoil(scene, name) {
      await patchClass(scene, name, { images: [{ architecture: 'x86_64', ssmParameter: '/gone' }] });
      await change(scene, name);
    },
    reason: 'InvalidConfiguration',
    message: /"parameter-missing".*\/gone.*no such parameter in this region.*create it/,
    fix: (scene) => Object.assign(account(scene).ssmParameters, { '/gone': 'ami-0aaaaaaaaaaaaaaaa' }),
    launch: 2,
  },
  {
    name: 'image-gone',
    spec: { images: [{ architecture: 'x86_64', id: OWN_IMAGE }] },
    async spoil(scene, name) {
      account(scene).images = account(scene).images.filter((image) => image.id !== OWN_IMAGE);
      await change(scene, name);
    },
    reason: 'InvalidConfiguration',
    // The first request to EC2: the dry run, or the look at the class's terms.
    message: /present instance stays.*InvalidAMIID.NotFound.*ami-0d|ami-0d\w+ does not exist/,
    fix: (scene) => account(scene).images.push({ ...ownImage }),
    launch: 2,
  },
  {
    name: 'no-subnet',
    async spoil(scene, name) {
      await patchClass(scene, name, { subnets: [{ tags: { tier: 'none' } }] });
      await change(scene, name);
    },
    reason: 'InvalidConfiguration',
    message: /"no-subnet".*subnets.*matches no subnet in this region. Correct the term/,
    fix: (scene) => account(scene).subnets[0]?.tags.push({ key: 'tier', value: 'none' }),
    launch: 2,
  },
  {
    name: 'profile-refused',
    spoil: (scene, name) => patchClass(scene, name, { instanceProfile: 'nobody' }),
    reason: 'InvalidConfiguration',
    message: /present instance stays: InvalidParameterValue.*nobody.*Correct the class/,
    fix: (scene) => account(scene).instanceProfiles.push('nobody'),
    launch: 2,
  },
  {
    name: 'quota-used',
    async spoil(scene, name) {
      const message = 'You have requested more vCPU capacity than your current limit.';
      refuse(scene, name, { code: 'VcpuLimitExceeded', message, dryRun: true });
      await change(scene, name);
    },
    reason: 'QuotaExceeded',
    message: /present instance stays: VcpuLimitExceeded.*have AWS raise the quota/,
    fix: relent,
    launch: 2,
  },
  {
    name: 'no-capacity',
    spec: { instanceTypes: [{ name: 'c6i.large' }] },
    async spoil(scene, name) {
      scene.stack.ec2.faults.capacity({ type: 'c6i.large', zone: '*', left: 0 });
      await putSecret(scene, 'probe-env', { KEY: 'a' });
      await createWorkspace(scene, 'probe', { className: name });
      const reason = 'CapacityUnavailable';
      await untilWorkspace(scene, 'probe', reason, (it) => conditionOf(it, 'Ready')?.reason === reason);
      await change(scene, name);
    },
    reason: 'CapacityUnavailable',
    message: /no capacity for c6i.large in eu-central-1.*More types or subnets/,
    fix: (scene, name) =>
      patchClass(scene, name, { instanceTypes: [{ name: 'c6i.large' }, { name: 'm6i.large' }] }),
    launch: 2,
  },
];

describe('an error in the input of a Workspace that serves', () => {
  let scene: Scene;
  let operator: Operator;
  const instances = new Map<string, string[]>();

  beforeAll(async () => {
    scene = await createScene({ buckets: {} });
    account(scene).images.push({ ...ownImage });
    operator = await scene.start(SETTINGS);
    await Promise.all(
      CASES.map(async ({ name, spec }) => {
        await scene.kube.create(CLASSES, classManifest(name, spec));
        await putSecret(scene, secretOf(name), { KEY: 'a' });
        await createWorkspace(scene, name, { className: name });
        await untilReady(scene, name, 1);
        instances.set(name, liveInstancesOf(scene, name));
      }),
    );
    await wait(MINUTE_MS);
    await Promise.all(CASES.map(({ name, spoil }) => spoil(scene, name)));
  });
  afterAll(() => scene.close());

  describe.concurrent('keeps its instance, and it is said why', () => {
    test.each(CASES)('$name', async ({ name, reason, message }) => {
      const workspace = await untilWorkspace(
        scene,
        name,
        reason,
        (it) => conditionOf(it, 'UpToDate')?.reason === reason,
      );
      expect(conditionOf(workspace, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
      expect(conditionOf(workspace, 'UpToDate')).toMatchObject({ status: 'False' });
      expect(conditionOf(workspace, 'UpToDate')?.message).toMatch(message);
      const event = await until(`an event says ${reason}`, async () =>
        (await eventsOf(scene, name)).find((one) => one.reason === reason),
      );
      expect(event).toMatchObject({ type: 'Warning', note: expect.stringMatching(message) });
    });
  });

  test('waiting for a person neither spins nor floods', async () => {
    const reconciles = () =>
      metric(operator, 'controller_runtime_reconcile_total{controller="workspace",result="requeue_after"}');
    const before = readBooks(scene);
    const passes = await reconciles();
    await wait(MINUTE_MS);
    const after = readBooks(scene);
    const { looks, others } = cloudCallsBetween(before, after);
    const calls = Object.values(others).reduce((sum, count) => sum + count, looks);
    expect(Object.keys(callsBetween(before, after, 'cluster'))).toEqual([
      'update leases.coordination.k8s.io',
    ]);
    expect((await reconciles()) - passes).toBeLessThanOrEqual(5 * CASES.length);
    expect(calls).toBeLessThanOrEqual(3 * CASES.length);
    expect(after.logLines - before.logLines).toBeLessThanOrEqual(2 * CASES.length);
    for (const { name } of CASES) expect(liveInstancesOf(scene, name)).toEqual(instances.get(name));
  });

  describe.concurrent('a Workspace goes on automatically once its input is fixed', () => {
    test.each(CASES)('$name', async ({ name, fix, launch }) => {
      await fix(scene, name);
      await untilReady(scene, name, launch);
      expect(provisionsOf(scene, name)).toHaveLength(launch);
    });
  });
});
