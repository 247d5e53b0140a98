import { describe, expect, test } from 'vitest';
import type { FaultInput } from '../../dev/apiserver/faultSchema.ts';
import type { FaultRule } from '../../dev/ec2/faults.ts';
import { FINALIZER } from '../../src/api/meta.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import {
  createScene,
  createWorkspace,
  getWorkspace,
  liveInstancesOf,
  NAMESPACE,
  provisionsOf,
  putSecret,
  type Scene,
  sweeps,
  until,
  untilGone,
  untilReady,
  untilWorkspace,
} from './harness.ts';
import { LEASE } from './pair.ts';

async function inScene(apiFaults: boolean, run: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await createScene({ apiFaults });
  try {
    await run(scene);
  } finally {
    await scene.close();
  }
}

/** Holds the answer, or the request, of one call to the cloud for longer than the process will live. */
function hang(scene: Scene, action: string, kind: 'lostRequest' | 'lostResponse'): void {
  const rule: FaultRule = { action, fault: { kind, how: 'hang' } };
  scene.stack.ec2.faults.add(rule);
}

/** A write that arrives this much later than it was sent, its sender dead or not. */
function delayWrites(scene: Scene, subresource: '' | 'status', ms: number) {
  const fault: FaultInput = {
    match: { verbs: ['patch'], resources: ['workspaces'], subresources: [subresource] },
    effect: { kind: 'latency', ms },
    times: 1,
  };
  return scene.stack.api.faults.add(fault);
}

function calls(scene: Scene, action: string): number {
  return scene.stack.ec2.counters.count(action);
}

describe.concurrent('killed while launching, and started again: one instance, none leaked', () => {
  const moments: [string, boolean, (scene: Scene) => Promise<void>][] = [
    [
      'between the intent and RunInstances',
      false,
      async (scene) => {
        hang(scene, 'RunInstances', 'lostRequest');
        await createWorkspace(scene, 'ada');
        await untilWorkspace(scene, 'ada', 'armed', (it) => it.status?.launch?.phase === 'Submitted');
        expect(provisionsOf(scene, 'ada')).toHaveLength(0);
      },
    ],
    [
      'between RunInstances and its answer',
      false,
      async (scene) => {
        hang(scene, 'RunInstances', 'lostResponse');
        await createWorkspace(scene, 'ada');
        await until('it was provisioned', () => provisionsOf(scene, 'ada').length === 1);
      },
    ],
    [
      'between the answer and the status, with the write still in flight',
      true,
      async (scene) => {
        scene.stack.ec2.faults.add({ action: 'RunInstances', fault: { kind: 'latency', ms: 300 } });
        await createWorkspace(scene, 'ada');
        await untilWorkspace(scene, 'ada', 'armed', (it) => it.status?.launch?.phase === 'Submitted');
        delayWrites(scene, 'status', 4_000);
        await until('it was provisioned', () => provisionsOf(scene, 'ada').length === 1);
        await until('the write is on its way', () =>
          scene.stack.api.faults.active().some((it) => it.hits > 0),
        );
        expect((await getWorkspace(scene, 'ada')).status?.launch?.instanceID).toBeUndefined();
      },
    ],
  ];
  test.each(moments)('%s', async (_moment, apiFaults, reach) => {
    await inScene(apiFaults, async (scene) => {
      await putSecret(scene, 'ada-env', { KEY: 'a' });
      const first = scene.spawn(LEASE);
      await first.line((line) => line.msg === 'became leader');
      await reach(scene);
      await first.end('SIGKILL');
      scene.spawn(LEASE);
      const workspace = await untilReady(scene, 'ada', 1);
      await sweeps(scene, 6);
      expect(provisionsOf(scene, 'ada')).toHaveLength(1);
      expect(liveInstancesOf(scene, 'ada')).toEqual([workspace.status?.launch?.instanceID]);
      expect((await getWorkspace(scene, 'ada')).status?.provisions).toBe(1);
    });
  });
});

describe.concurrent('killed while deleting, and started again: nothing is left, and not before EC2 says so', () => {
  const moments: [string, boolean, (scene: Scene) => void, (scene: Scene) => Promise<unknown>][] = [
    [
      'before TerminateInstances arrives',
      false,
      (scene) => hang(scene, 'TerminateInstances', 'lostRequest'),
      (scene) =>
        untilWorkspace(scene, 'ada', 'ending', (it) => it.status?.terminating !== undefined).then(() =>
          until('the call was made', () => scene.stack.ec2.faults.rules().length === 0),
        ),
    ],
    [
      'before its answer',
      false,
      (scene) => hang(scene, 'TerminateInstances', 'lostResponse'),
      (scene) => until('it is ending', () => calls(scene, 'TerminateInstances') === 1),
    ],
    [
      'before the finalizer is removed',
      true,
      (scene) => delayWrites(scene, '', 4_000),
      (scene) =>
        until('the finalizer is about to go', () =>
          scene.stack.api.faults.active().some((it) => it.hits > 0),
        ),
    ],
  ];
  test.each(moments)('%s', async (_moment, apiFaults, prepare, reach) => {
    await inScene(apiFaults, async (scene) => {
      await putSecret(scene, 'ada-env', { KEY: 'a' });
      const first = scene.spawn(LEASE);
      await createWorkspace(scene, 'ada');
      await untilReady(scene, 'ada', 1);
      prepare(scene);
      await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
      await reach(scene);
      await first.end('SIGKILL');
      if (liveInstancesOf(scene, 'ada').length > 0) {
        expect((await getWorkspace(scene, 'ada')).metadata.finalizers).toContain(FINALIZER);
      }
      scene.spawn(LEASE);
      await untilGone(scene, 'ada');
      expect(liveInstancesOf(scene, 'ada')).toEqual([]);
      expect(provisionsOf(scene, 'ada')).toHaveLength(1);
    });
  });
});
