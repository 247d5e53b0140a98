import { expect, test } from 'vitest';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../scenarios/scene/counts.ts';
import { NAMESPACE } from '../scenarios/scene/objects.ts';
import { createEmbeddedScene } from '../scenarios/scene/scene.ts';
import { until } from '../scenarios/scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  isReady,
  putSecret,
  untilGone,
  untilReady,
  untilWorkspace,
} from '../scenarios/scene/workspaces.ts';

// The server's whole state goes back, the leader's Lease and all resource versions with it, under a running operator.
test('a backup of the API server is restored: what has an instance keeps it, and none is launched or ended but for what the backup says', async () => {
  const scene = await createEmbeddedScene();
  try {
    await scene.start();
    const ready = async (name: string) => {
      await putSecret(scene, `${name}-env`, { KEY: 'a' });
      await createWorkspace(scene, name);
      return untilReady(scene, name, 1);
    };
    for (const name of ['same', 'changed', 'deleted']) await ready(name);
    const backup = scene.stack.api.state.dump();
    await putSecret(scene, 'changed-env', { KEY: 'b' });
    const changed = await untilReady(scene, 'changed', 2);
    await untilWorkspace(scene, 'changed', 'settled', (it) => it.status?.terminating === undefined);
    await ready('born');
    await scene.kube.delete(WORKSPACES, 'deleted', NAMESPACE);
    await untilGone(scene, 'deleted');
    const lives = {
      same: liveInstancesOf(scene, 'same'),
      changed: liveInstancesOf(scene, 'changed'),
      born: liveInstancesOf(scene, 'born'),
    };

    scene.stack.api.state.load(backup);

    // A server that answers with older versions may only lag, so it takes half a minute until it is believed.
    const lost = (it: Workspace) => conditionOf(it, 'Ready')?.reason === 'StatusLost';
    await untilWorkspace(scene, 'changed', 'the loss is seen', lost);
    expect(liveInstancesOf(scene, 'changed')).toEqual(lives.changed);
    await untilWorkspace(
      scene,
      'changed',
      'its instance is found again',
      (it) => it.status?.launch?.number !== 1,
    );
    // Its Secret went back as well, so what lives holds an environment that is not the desired one any more.
    const again = await untilReady(scene, 'changed', 3);
    await untilReady(scene, 'deleted', 2);
    await until('the log names the instance without an owner', () =>
      scene.logs.some(({ event, instanceID }) => event === 'orphan.found' && instanceID === lives.born[0]),
    );
    await sweeps(scene, 10);
    expect(liveInstancesOf(scene, 'same')).toEqual(lives.same);
    expect(isReady(await getWorkspace(scene, 'same'))).toBe(true);
    expect(provisionsOf(scene, 'same')).toHaveLength(1);
    expect(liveInstancesOf(scene, 'born')).toEqual(lives.born);
    expect(terminationsOf(scene, 'born')).toEqual([]);
    expect(provisionsOf(scene, 'deleted')).toHaveLength(2);
    expect(liveInstancesOf(scene, 'deleted')).toHaveLength(1);
    expect(provisionsOf(scene, 'changed')).toHaveLength(3);
    expect(liveInstancesOf(scene, 'changed')).toEqual([again.status?.launch?.instanceID]);
    expect(changed.status?.launch?.instanceID).toBe(lives.changed[0]);
    expect(conditionOf(again, 'Ready')?.status).toBe('True');
  } finally {
    await scene.close();
  }
}, 400_000);
