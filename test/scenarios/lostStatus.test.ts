import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workspace, WorkspaceStatus } from '../../src/api/workspace.ts';
import { isConflict } from '../../src/controller/errors.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import { diff } from '../../src/reconcilers/workspace/mergePatch.ts';
import {
  conditionOf,
  createScene,
  createWorkspace,
  getWorkspace,
  isReady,
  liveInstancesOf,
  NAMESPACE,
  provisionsOf,
  putSecret,
  type Scene,
  sweeps,
  terminationsOf,
  untilGone,
  untilReady,
  untilWorkspace,
} from './harness.ts';

/** As `kubectl replace --subresource=status`, or `kubectl patch … -p '{"status":null}'`: whoever may write it. */
async function putStatus(scene: Scene, name: string, status: WorkspaceStatus | null): Promise<void> {
  for (;;) {
    const present = await getWorkspace(scene, name);
    const patch = status === null ? null : (diff(present.status, status) ?? {});
    const { resourceVersion } = present.metadata;
    try {
      const target = { name, namespace: NAMESPACE, subresource: 'status' as const };
      await scene.kube.mergePatch(WORKSPACES, target, { metadata: { resourceVersion }, status: patch });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

/** Ready with launch 1, or, having changed once, with launch 2; what its status was before is returned beside it. */
async function ready(scene: Scene, name: string, changes: 0 | 1) {
  await putSecret(scene, `${name}-env`, { KEY: 'a' });
  await createWorkspace(scene, name);
  const first = await untilReady(scene, name, 1);
  if (changes === 0) return { before: first, now: first };
  await putSecret(scene, `${name}-env`, { KEY: 'b' });
  const now = await untilReady(scene, name, 2);
  await untilWorkspace(
    scene,
    name,
    'the first instance is gone',
    (it) => it.status?.terminating === undefined,
  );
  return { before: first, now };
}

interface Loss {
  name: string;
  changes: 0 | 1;
  status(it: { before: Workspace; now: Workspace }): WorkspaceStatus | null;
}

const LOSSES: Loss[] = [
  { name: 'wiped', changes: 0, status: () => null },
  { name: 'wiped-late', changes: 1, status: () => null },
  { name: 'older', changes: 1, status: ({ before }) => before.status ?? null },
  {
    // As it was when the launch was armed, and no answer had come.
    name: 'in-doubt',
    changes: 0,
    status({ now: { status } }) {
      if (!status?.launch) return null;
      const { instanceID: _id, readyAt: _at, ...launch } = status.launch;
      return { ...status, launch, instance: undefined, provisions: 0 };
    },
  },
];

/** Whatever the status was, the cloud's books show no instance more, and none less, and the next change is one provision. */
async function expectConverged(scene: Scene, name: string, changes: number, instance: string): Promise<void> {
  const again = await untilWorkspace(
    scene,
    name,
    'the instance that lives is on record',
    (it) =>
      isReady(it) &&
      conditionOf(it, 'UpToDate')?.status === 'True' &&
      it.status?.launch?.instanceID === instance,
  );
  await sweeps(scene, 6);
  expect(provisionsOf(scene, name)).toHaveLength(1 + changes);
  expect(terminationsOf(scene, name)).toHaveLength(changes);
  expect(liveInstancesOf(scene, name)).toEqual([instance]);
  await putSecret(scene, `${name}-env`, { KEY: 'c' });
  const next = await untilReady(scene, name, (again.status?.launch?.number ?? 0) + 1);
  await sweeps(scene, 6);
  expect(provisionsOf(scene, name)).toHaveLength(2 + changes);
  expect(liveInstancesOf(scene, name)).toEqual([next.status?.launch?.instanceID]);
}

describe.concurrent('a status lost while the operator runs', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
  });
  afterAll(() => scene.close());

  test.each(LOSSES)('$name: the instance is found again, none is launched and none ended', async (loss) => {
    const before = await ready(scene, loss.name, loss.changes);
    await putStatus(scene, loss.name, loss.status(before));
    await expectConverged(scene, loss.name, loss.changes, before.now.status?.launch?.instanceID ?? '');
  });

  test('wiped and being deleted: it goes once its instance is found and ended', async () => {
    const { now } = await ready(scene, 'leaving', 0);
    await putStatus(scene, 'leaving', null);
    await scene.kube.delete(WORKSPACES, 'leaving', NAMESPACE);
    await untilWorkspace(scene, 'leaving', 'told', (it) => conditionOf(it, 'Ready')?.reason === 'StatusLost');
    expect(liveInstancesOf(scene, 'leaving')).toEqual([now.status?.launch?.instanceID]);
    await untilGone(scene, 'leaving');
    expect(liveInstancesOf(scene, 'leaving')).toEqual([]);
    expect(provisionsOf(scene, 'leaving')).toHaveLength(1);
    expect(terminationsOf(scene, 'leaving')).toHaveLength(1);
  });
});

test('statuses lost while the operator is down: the same, each by itself', async () => {
  const scene = await createScene();
  try {
    const operator = await scene.start();
    const lives = await Promise.all(
      LOSSES.map(async (loss) => ({ loss, before: await ready(scene, loss.name, loss.changes) })),
    );
    await operator.stop();
    for (const { loss, before } of lives) await putStatus(scene, loss.name, loss.status(before));
    await scene.start();
    await Promise.all(
      lives.map(({ loss, before }) =>
        expectConverged(scene, loss.name, loss.changes, before.now.status?.launch?.instanceID ?? ''),
      ),
    );
  } finally {
    await scene.close();
  }
});
