import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TAG } from '../../../src/api/launch/tags.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../scene/counts.ts';
import { CLASSES, classManifest, NAMESPACE } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  putSecret,
  untilGone,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

describe.concurrent('a launch whose answers are lost, late or refusals', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
  });
  afterAll(() => scene.close());

  const only = (name: string) => ({ [`tag:${TAG.name}`]: name });

  async function launch(name: string): Promise<void> {
    await putSecret(scene, `${name}-env`, { KEY: 'a' });
    await createWorkspace(scene, name);
  }

  async function expectOne(name: string, number: number): Promise<void> {
    const workspace = await untilReady(scene, name, number);
    await sweeps(scene, 20);
    expect(provisionsOf(scene, name)).toHaveLength(1);
    expect(liveInstancesOf(scene, name)).toEqual([workspace.status?.launch?.instanceID]);
  }

  test('a RunInstances that times out and lands ten seconds later makes one instance', async () => {
    scene.stack.ec2.faults.add({
      action: 'RunInstances',
      match: only('overtaken'),
      fault: { kind: 'late', how: 'hang', afterMs: 500 },
    });
    await launch('overtaken');
    await expectOne('overtaken', 1);
  });

  test('a RunInstances whose answer is lost makes one instance', async () => {
    scene.stack.ec2.faults.add({
      action: 'RunInstances',
      match: only('unheard'),
      fault: { kind: 'lostResponse', how: 'reset' },
    });
    await launch('unheard');
    await expectOne('unheard', 1);
  });

  test('a refusal that comes while an earlier send may still land is not believed', async () => {
    const { faults } = scene.stack.ec2;
    faults.add({
      action: 'RunInstances',
      match: only('doubted'),
      fault: { kind: 'late', how: 'reset', afterMs: 2_000 },
    });
    faults.add({
      action: 'RunInstances',
      match: only('doubted'),
      fault: { kind: 'error', code: 'InsufficientInstanceCapacity' },
    });
    await launch('doubted');
    await expectOne('doubted', 1);
  });

  test('a type without capacity in one zone is tried elsewhere, under a new number', async () => {
    scene.stack.ec2.faults.add({
      action: 'RunInstances',
      match: only('moved'),
      fault: { kind: 'error', code: 'InsufficientInstanceCapacity' },
    });
    await launch('moved');
    await expectOne('moved', 2);
    const { status } = await untilReady(scene, 'moved');
    expect(status?.launch?.cause).toEqual({ kind: 'Refused', ref: '1' });
    expect(status?.history?.map((entry) => entry.outcome)).toEqual(['Refused']);
  });

  test('throttled requests spend no number', async () => {
    scene.stack.ec2.faults.add({
      action: 'RunInstances',
      match: only('throttled'),
      times: 2,
      fault: { kind: 'error', code: 'RequestLimitExceeded' },
    });
    await launch('throttled');
    await expectOne('throttled', 1);
  });

  test('deleted during a launch in doubt, nothing is left behind', async () => {
    scene.stack.ec2.faults.add({
      action: 'RunInstances',
      match: only('dropped'),
      fault: { kind: 'late', how: 'reset', afterMs: 1_000 },
    });
    await launch('dropped');
    await untilWorkspace(scene, 'dropped', 'armed', (it) => it.status?.launch?.phase === 'Submitted');
    await scene.kube.delete(WORKSPACES, 'dropped', NAMESPACE);
    await untilGone(scene, 'dropped');
    expect(liveInstancesOf(scene, 'dropped')).toEqual([]);
  });
});

describe.concurrent('progress, silence and ends', () => {
  let scene: Scene;
  beforeAll(async () => {
    // Ten minutes of pending at this speed are thirty seconds; twenty of the class's minutes fit in.
    scene = await createScene();
    await scene.start();
    await scene.kube.create(CLASSES, classManifest('impatient', { startupTimeoutSeconds: 40 }));
  });
  afterAll(() => scene.close());

  test('past the startup deadline it is replaced once, with its reason, after a pause', async () => {
    scene.stack.agents.hold('default/mute', true);
    await putSecret(scene, 'mute-env', { KEY: 'a' });
    await createWorkspace(scene, 'mute', { className: 'impatient' });
    const late = await untilWorkspace(
      scene,
      'mute',
      'StartupTimeout',
      (it) => conditionOf(it, 'Ready')?.reason === 'StartupTimeout',
    );
    expect(late.status?.launch?.number).toBe(1);
    const armed = await untilWorkspace(scene, 'mute', 'replaced', (it) => it.status?.launch?.number === 2);
    scene.stack.agents.hold('default/mute', false);
    expect(armed.status?.launch?.cause).toEqual({ kind: 'TimedOut', ref: '1' });
    const deadline = Date.parse(late.status?.launch?.deadline ?? '');
    expect(Date.parse(armed.status?.launch?.openedAt ?? '')).toBeGreaterThanOrEqual(deadline + 1_500);
    await untilReady(scene, 'mute', 2);
    expect(provisionsOf(scene, 'mute')).toHaveLength(2);
  });

  test('an instance that EC2 says ended is replaced once, after a pause', async () => {
    await putSecret(scene, 'mortal-env', { KEY: 'a' });
    await createWorkspace(scene, 'mortal');
    const first = await untilReady(scene, 'mortal', 1);
    scene.stack.ec2.faults.end(first.status?.launch?.instanceID ?? '');
    const second = await untilReady(scene, 'mortal', 2);
    expect(second.status?.launch?.cause).toEqual({ kind: 'Ended', ref: '1' });
    await sweeps(scene, 20);
    expect(provisionsOf(scene, 'mortal')).toHaveLength(2);
    expect(terminationsOf(scene, 'mortal')).toHaveLength(0);
  });

  test('an instance that EC2 does not show for a while is Unknown, and stays', async () => {
    await putSecret(scene, 'hidden-env', { KEY: 'a' });
    await createWorkspace(scene, 'hidden');
    const first = await untilReady(scene, 'hidden', 1);
    scene.stack.ec2.faults.hide(first.status?.launch?.instanceID ?? '', 1_500);
    await sweeps(scene, 30);
    const later = await untilReady(scene, 'hidden', 1);
    expect(provisionsOf(scene, 'hidden')).toHaveLength(1);
    expect(later.status?.launch?.ended).toBeUndefined();
  });

  test('deletion ends only when EC2 says terminated', async () => {
    await putSecret(scene, 'brief-env', { KEY: 'a' });
    await createWorkspace(scene, 'brief');
    await untilReady(scene, 'brief', 1);
    await scene.kube.delete(WORKSPACES, 'brief', NAMESPACE);
    await untilGone(scene, 'brief');
    expect(liveInstancesOf(scene, 'brief')).toEqual([]);
    expect(terminationsOf(scene, 'brief')).toHaveLength(1);
  });

  test('an instance of a superseded launch that still heartbeats never makes its successor Ready', async () => {
    await putSecret(scene, 'heir-env', { KEY: 'a' });
    await createWorkspace(scene, 'heir');
    await untilReady(scene, 'heir', 1);
    scene.stack.agents.hold('default/heir', true);
    await scene.kube.mergePatch(
      WORKSPACES,
      { name: 'heir', namespace: NAMESPACE },
      { spec: { requests: { restart: '1' } } },
    );
    await untilWorkspace(
      scene,
      'heir',
      'launch 2 runs',
      ({ status }) =>
        status?.launch?.number === 2 &&
        status.launch.instanceID === status.instance?.id &&
        status.instance?.state === 'running',
    );
    await sweeps(scene, 10);
    const waiting = await getWorkspace(scene, 'heir');
    expect(conditionOf(waiting, 'Ready')).toMatchObject({ status: 'False', reason: 'Booting' });
    scene.stack.agents.hold('default/heir', false);
    await untilReady(scene, 'heir', 2);
  });
});
