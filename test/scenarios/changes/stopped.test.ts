import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopInstances } from '../../../dev/ec2/actions/power.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import {
  conditionOf,
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

describe.concurrent('stopped, and running again', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    await scene.kube.create(CLASSES, classManifest('ending', { stopBehavior: 'Terminate' }));
  });
  afterAll(() => scene.close());

  async function ready(name: string, spec: Record<string, unknown> = {}): Promise<Workspace> {
    await putSecret(scene, `${name}-env`, { KEY: 'a' });
    await createWorkspace(scene, name, spec);
    return untilReady(scene, name, 1);
  }

  const mode = (name: string, operatingMode: string) =>
    patchWorkspace(scene, name, { spec: { operatingMode } });

  const untilStopped = (name: string) =>
    untilWorkspace(scene, name, 'stopped', (it) => it.status?.instance?.state === 'stopped');

  test('stop and start keep the instance and spend nothing', async () => {
    const first = await ready('rest');
    await mode('rest', 'Stopped');
    const stopped = await untilStopped('rest');
    expect(conditionOf(stopped, 'Ready')).toMatchObject({ status: 'False', reason: 'Stopped' });
    await sweeps(scene, 10);
    await mode('rest', 'Running');
    const again = await untilReady(scene, 'rest', 1);
    expect(again.status?.launch?.instanceID).toBe(first.status?.launch?.instanceID);
    expect(again.status?.launch?.after?.boot).toBeGreaterThan(0);
    expect(provisionsOf(scene, 'rest')).toHaveLength(1);
    expect(terminationsOf(scene, 'rest')).toHaveLength(0);
  });

  test('an environment that changed meanwhile is bound at the start, without a provision', async () => {
    await ready('bind');
    await mode('bind', 'Stopped');
    await untilStopped('bind');
    await putSecret(scene, 'bind-env', { KEY: 'b' });
    await untilWorkspace(scene, 'bind', 'the change counts', (it) => it.status?.desired?.generation === 2);
    await mode('bind', 'Running');
    const again = await untilReady(scene, 'bind', 1);
    await sweeps(scene, 10);
    expect(again.status?.instance?.env).toBe(again.status?.desired?.env);
    expect(provisionsOf(scene, 'bind')).toHaveLength(1);
  });

  test('a machine that changed meanwhile is one provision at the start, and none before', async () => {
    await ready('swap');
    await mode('swap', 'Stopped');
    await untilStopped('swap');
    await patchWorkspace(scene, 'swap', { spec: { instanceType: 'm6i.large' } });
    await sweeps(scene, 15);
    expect(provisionsOf(scene, 'swap')).toHaveLength(1);
    await mode('swap', 'Running');
    const again = await untilReady(scene, 'swap', 2);
    expect(again.status?.launch?.cause?.kind).toBe('SpecChanged');
    expect(liveInstancesOf(scene, 'swap')).toEqual([again.status?.launch?.instanceID]);
  });

  test('where the class says Terminate, Stopped ends the instance and Running is a new one', async () => {
    await ready('close', { className: 'ending' });
    await mode('close', 'Stopped');
    const closed = await untilWorkspace(
      scene,
      'close',
      'closed',
      (it) => it.status?.launch?.phase === 'Closed' && it.status.terminating === undefined,
    );
    expect(liveInstancesOf(scene, 'close')).toEqual([]);
    expect(closed.status?.launch?.number).toBe(2);
    await mode('close', 'Running');
    const again = await untilReady(scene, 'close', 3);
    expect(again.status?.launch?.cause).toEqual({ kind: 'Ended', ref: '1' });
    expect(provisionsOf(scene, 'close')).toHaveLength(2);
  });

  test('found stopped while it should run, it is started again and never counted dead', async () => {
    const first = await ready('found');
    const id = first.status?.launch?.instanceID ?? '';
    stopInstances(scene.stack.ec2.state, { ids: [id], dryRun: false });
    await untilWorkspace(scene, 'found', 'started again', (it) => it.status?.launch?.after !== undefined);
    const again = await untilReady(scene, 'found', 1);
    await sweeps(scene, 10);
    expect(again.status?.launch?.instanceID).toBe(id);
    expect(provisionsOf(scene, 'found')).toHaveLength(1);
  });

  test('created Stopped, nothing is launched until it is to run', async () => {
    await putSecret(scene, 'later-env', { KEY: 'a' });
    await createWorkspace(scene, 'later', { operatingMode: 'Stopped' });
    await untilWorkspace(scene, 'later', 'Stopped', (it) => conditionOf(it, 'Ready')?.reason === 'Stopped');
    await sweeps(scene, 10);
    expect(provisionsOf(scene, 'later')).toHaveLength(0);
    await mode('later', 'Running');
    await untilReady(scene, 'later', 1);
  });
});
