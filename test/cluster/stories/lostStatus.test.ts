import { expect, test } from 'vitest';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../../scenarios/scene/counts.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import { createScene } from '../../scenarios/scene/scene.ts';
import {
  conditionOf,
  createWorkspace,
  isReady,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../../scenarios/scene/workspaces.ts';

// One loss, over sockets. Others, lost while the operator is down or the Workspace is deleted: test/virtual/faults/lostStatus.test.ts.
test('a status wiped while the operator runs: the instance is found again, none is launched and none ended, and the next change is one provision', async () => {
  const scene = await createScene();
  try {
    await scene.start();
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    const before = await untilReady(scene, 'ada', 1);
    const instanceID = before.status?.launch?.instanceID;

    const target = { name: 'ada', namespace: NAMESPACE, subresource: 'status' as const };
    await scene.kube.mergePatch(WORKSPACES, target, { status: null });
    const again = await untilWorkspace(
      scene,
      'ada',
      'the instance that lives is on record',
      (it) =>
        isReady(it) &&
        conditionOf(it, 'UpToDate')?.status === 'True' &&
        it.status?.launch?.instanceID === instanceID,
    );
    await sweeps(scene, 6);
    expect(provisionsOf(scene, 'ada')).toHaveLength(1);
    expect(terminationsOf(scene, 'ada')).toHaveLength(0);
    expect(liveInstancesOf(scene, 'ada')).toEqual([instanceID]);

    await putSecret(scene, 'ada-env', { KEY: 'b' });
    const next = await untilReady(scene, 'ada', (again.status?.launch?.number ?? 0) + 1);
    await sweeps(scene, 6);
    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
    expect(liveInstancesOf(scene, 'ada')).toEqual([next.status?.launch?.instanceID]);
  } finally {
    await scene.close();
  }
});
