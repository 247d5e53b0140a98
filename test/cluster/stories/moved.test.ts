import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/base/meta.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import type { Resource } from '../../../src/controller/client/client.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../../scenarios/scene/counts.ts';
import { NAMESPACE, SECRETS } from '../../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../../scenarios/scene/scene.ts';
import { until } from '../../scenarios/scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../../scenarios/scene/workspaces.ts';
import { abandon } from '../../scenarios/steps/abandon.ts';
import { eventsOf } from '../../scenarios/steps/events.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
const EAGER = {
  WORKSPACE_ORPHANS_POLICY: 'Terminate',
  WORKSPACE_ORPHANS_INTERVAL_MS: '300',
  WORKSPACE_ORPHANS_GRACE_MS: '500',
};

/** As a backup tool restores: a new object of that name with what the old one had, and, where asked for, its status. */
async function restore(
  scene: Scene,
  backup: Workspace,
  what: { finalizers: boolean; status: boolean },
  namespace = NAMESPACE,
): Promise<void> {
  const { name, finalizers } = backup.metadata;
  const metadata = { name, namespace, ...(what.finalizers && { finalizers }) };
  const { apiVersion, kind, spec, status } = backup;
  await scene.kube.create(WORKSPACES, { apiVersion, kind, metadata, spec }, namespace);
  if (what.status)
    await scene.kube.mergePatch(WORKSPACES, { name, namespace, subresource: 'status' }, { status });
}

// The operator may end orphans, and with hardly a grace: what is left alone here is left alone because it heartbeats.
describe.concurrent('a Workspace that was moved: the same name, another uid, the old instance alive', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start(EAGER);
    await putSecret(scene, 'other-env', { KEY: 'a' });
    await createWorkspace(scene, 'other');
    await untilReady(scene, 'other', 1);
  });
  afterAll(() => scene.close());

  const cases: [string, { finalizers: boolean; status: boolean }][] = [
    ['plain', { finalizers: false, status: false }],
    ['finalized', { finalizers: true, status: false }],
    ['with-status', { finalizers: false, status: true }],
    ['whole', { finalizers: true, status: true }],
  ];
  test.each(cases)(
    '%s: it gets an instance of its own, says so, and the old one is left alone',
    async (name, what) => {
      await putSecret(scene, `${name}-env`, { KEY: 'a' });
      await createWorkspace(scene, name);
      const before = await untilReady(scene, name, 1);
      const old = before.status?.launch?.instanceID ?? '';
      await abandon(scene, name);
      await restore(scene, before, what);

      const after = await untilWorkspace(
        scene,
        name,
        'its own instance serves, and the old one is known',
        (it) =>
          conditionOf(it, 'Ready')?.status === 'True' &&
          conditionOf(it, 'EarlierInstance')?.status === 'True' &&
          it.status?.launch?.instanceID !== old,
      );
      expect(after.metadata.uid).not.toBe(before.metadata.uid);
      expect(after.metadata.finalizers).toEqual([FINALIZER]);
      const workspace = await untilWorkspace(scene, name, 'the old one is heard', (it) =>
        (conditionOf(it, 'EarlierInstance')?.message ?? '').includes('still heartbeats'),
      );
      expect(conditionOf(workspace, 'EarlierInstance')?.message).toContain(
        `${old} of uid ${before.metadata.uid}`,
      );
      await until('an event says so', async () =>
        (await eventsOf(scene, name)).some(({ reason }) => reason === 'EarlierInstance'),
      );
      await sweeps(scene, 10);
      expect(provisionsOf(scene, name)).toHaveLength(2);
      expect(terminationsOf(scene, name)).toEqual([]);
      expect(liveInstancesOf(scene, name).sort()).toEqual(
        [old, after.status?.launch?.instanceID ?? ''].sort(),
      );
      expect(scene.logs).toContainEqual(
        expect.objectContaining({ event: 'orphan.found', instanceID: old, verdict: 'Heartbeating' }),
      );
    },
  );

  test('a copy in another namespace, status and all, leaves the original and its instance alone', async () => {
    const namespace = 'copies';
    await scene.kube.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    await putSecret(scene, 'twin-env', { KEY: 'a' });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'twin-env', namespace }, data: {} };
    await scene.kube.create(SECRETS, secret, namespace);
    await createWorkspace(scene, 'twin');
    const original = await untilReady(scene, 'twin', 1);
    await restore(scene, original, { finalizers: true, status: true }, namespace);
    const uid = (await scene.kube.get(WORKSPACES, 'twin', namespace)).metadata.uid;
    await until('the copy has an instance of its own', () =>
      provisionsOf(scene, 'twin').some(({ tags }) => tags[TAG.uid] === uid),
    );
    await sweeps(scene, 20);
    expect(terminationsOf(scene, 'twin')).toEqual([]);
    expect(liveInstancesOf(scene, 'twin')).toHaveLength(2);
    const now = await getWorkspace(scene, 'twin');
    expect(now.status?.launch).toEqual(original.status?.launch);
    expect(conditionOf(now, 'EarlierInstance')?.status).toBe('False');
  });
});
