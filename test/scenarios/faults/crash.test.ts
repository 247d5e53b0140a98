import { expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/base/meta.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps } from '../scene/counts.ts';
import { NAMESPACE } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, getWorkspace, putSecret, untilGone, untilReady } from '../scene/workspaces.ts';
import { LEASE } from '../steps/pair.ts';

/** Holds the answer of one call to the cloud for longer than the process will live. */
function hang({ stack }: Scene, action: string): void {
  stack.ec2.faults.add({ action, fault: { kind: 'lostResponse', how: 'hang' } });
}

// One moment of a launch and one of a deletion, over sockets. Every moment of both: test/virtual/faults/crash.test.ts.
test('a process killed between RunInstances and its answer, and later between TerminateInstances and its answer: one instance, and nothing left', async () => {
  const scene = await createScene();
  try {
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    const first = scene.spawn(LEASE);
    await first.line((line) => line.msg === 'became leader');
    hang(scene, 'RunInstances');
    await createWorkspace(scene, 'ada');
    await until('it was provisioned', () => provisionsOf(scene, 'ada').length === 1);
    await first.end('SIGKILL');
    expect((await getWorkspace(scene, 'ada')).status?.launch?.instanceID).toBeUndefined();

    const second = scene.spawn(LEASE);
    const workspace = await untilReady(scene, 'ada', 1);
    await sweeps(scene, 6);
    expect(provisionsOf(scene, 'ada')).toHaveLength(1);
    expect(liveInstancesOf(scene, 'ada')).toEqual([workspace.status?.launch?.instanceID]);
    expect((await getWorkspace(scene, 'ada')).status?.provisions).toBe(1);

    hang(scene, 'TerminateInstances');
    await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
    await until('it is ending', () => scene.stack.ec2.counters.count('TerminateInstances') === 1);
    await second.end('SIGKILL');
    expect((await getWorkspace(scene, 'ada')).metadata.finalizers).toContain(FINALIZER);

    scene.spawn(LEASE);
    await untilGone(scene, 'ada');
    expect(liveInstancesOf(scene, 'ada')).toEqual([]);
    expect(provisionsOf(scene, 'ada')).toHaveLength(1);
  } finally {
    await scene.close();
  }
});
