import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  isReady,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { eventsOf } from '../steps/events.ts';

/** Longer than any test: who announces an interruption here also ends the instance. */
const ENDLESS_MS = 3_600_000;
/** The shell agent's own clock is not scaled: it looks once a second. */
const NOTICE_MS = 15_000;
const TAKEN_BACK = {
  code: 'Server.SpotInstanceTermination',
  message: 'Server.SpotInstanceTermination: Spot instance termination',
};
const SPOT = { capacityTypes: ['Spot'], stopBehavior: 'Terminate' };

function instanceOf(scene: Scene, workspace: Workspace) {
  const id = workspace.status?.launch?.instanceID ?? '';
  const instance = scene.stack.ec2.state.instances.get(id);
  if (!instance) throw new Error(`EC2 has no ${id}`);
  return instance;
}

async function ready(scene: Scene, name: string, className: string): Promise<Workspace> {
  await putSecret(scene, `${name}-env`, { KEY: 'a' });
  await createWorkspace(scene, name, { className });
  return untilReady(scene, name, 1);
}

describe.concurrent('on Spot', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene({ cloud: { interruptionNotice: ENDLESS_MS } });
    await scene.start();
    await scene.kube.create(CLASSES, classManifest('spot', SPOT));
    const fallback = {
      ...SPOT,
      capacityTypes: ['Spot', 'OnDemand'],
      instanceTypes: [{ name: 'm7i.xlarge' }],
    };
    await scene.kube.create(CLASSES, classManifest('fallback', fallback));
  });
  afterAll(() => scene.close());

  test('an interruption is shown before it comes, and is one replacement, at once', async () => {
    const first = await ready(scene, 'taken', 'spot');
    const { id } = instanceOf(scene, first);
    scene.stack.ec2.faults.interrupt(id);
    const warned = await untilWorkspace(
      scene,
      'taken',
      'it is announced',
      (it) => conditionOf(it, 'InstanceReady')?.reason === 'Interrupted',
    );
    expect(isReady(warned)).toBe(true);
    expect(conditionOf(warned, 'Ready')?.message).toContain(`EC2 takes the Spot instance ${id} back`);
    await sweeps(scene, 6);
    expect(provisionsOf(scene, 'taken')).toHaveLength(1);
    scene.stack.ec2.faults.end(id, TAKEN_BACK);
    const second = await untilReady(scene, 'taken', 2);
    expect(second.status?.launch?.cause).toEqual({ kind: 'Interrupted', ref: '1' });
    expect(second.status?.launch?.failures).toBe(0);
    expect(second.status?.history?.[0]).toMatchObject({ number: 1, outcome: 'Interrupted', instanceID: id });
    await sweeps(scene, 6);
    expect(provisionsOf(scene, 'taken')).toHaveLength(2);
    expect(terminationsOf(scene, 'taken')).toEqual([]);
    expect(liveInstancesOf(scene, 'taken')).toEqual([second.status?.launch?.instanceID]);
    const events = await until('an event says so', async () => {
      const found = (await eventsOf(scene, 'taken')).filter((one) => one.reason === 'Interrupted');
      return found.length > 0 && found;
    });
    expect(events).toMatchObject([{ type: 'Warning', note: expect.stringContaining(id) }]);
    await until('the new agent learned why', () =>
      instanceOf(scene, second).console.includes(': Interrupted'),
    );
  });

  test('an end without a notice is one replacement too', async () => {
    const first = await ready(scene, 'sudden', 'spot');
    scene.stack.ec2.faults.end(instanceOf(scene, first).id, TAKEN_BACK);
    const second = await untilReady(scene, 'sudden', 2);
    expect(second.status?.launch?.cause).toEqual({ kind: 'Interrupted', ref: '1' });
    expect(provisionsOf(scene, 'sudden')).toHaveLength(2);
  });

  test('Stopped ends the instance, and Running again makes exactly one new one', async () => {
    await ready(scene, 'rest', 'spot');
    await patchWorkspace(scene, 'rest', { spec: { operatingMode: 'Stopped' } });
    await untilWorkspace(
      scene,
      'rest',
      'closed',
      (it) => it.status?.launch?.phase === 'Closed' && it.status.terminating === undefined,
    );
    expect(liveInstancesOf(scene, 'rest')).toEqual([]);
    await sweeps(scene, 10);
    expect(provisionsOf(scene, 'rest')).toHaveLength(1);
    await patchWorkspace(scene, 'rest', { spec: { operatingMode: 'Running' } });
    const again = await untilReady(scene, 'rest', 3);
    await sweeps(scene, 6);
    expect(provisionsOf(scene, 'rest')).toHaveLength(2);
    expect(instanceOf(scene, again).spot).toBe(true);
  });

  test('without Spot capacity anywhere it is On-Demand, where the class allows it', async () => {
    const room = { type: 'm7i.xlarge', zone: '*', capacityType: 'Spot' } as const;
    scene.stack.ec2.faults.capacity({ ...room, left: 0 });
    await putSecret(scene, 'fall-env', { KEY: 'a' });
    await createWorkspace(scene, 'fall', { className: 'fallback' });
    const workspace = await untilReady(scene, 'fall');
    expect(workspace.status?.launch?.params?.capacityType).toBe('OnDemand');
    expect(instanceOf(scene, workspace).spot).toBe(false);
    expect(provisionsOf(scene, 'fall')).toHaveLength(1);
    expect(workspace.status?.history?.map(({ outcome }) => outcome)).toEqual(
      workspace.status?.history?.map(() => 'Refused'),
    );
  });
});

test('the shell agent on a Spot instance hears the notice, runs its hook once, and its successor knows why', async () => {
  const scene = await createScene({ agents: 'shell', cloud: { interruptionNotice: NOTICE_MS } });
  try {
    await scene.start();
    const local = [
      'WORKSPACE_INTERRUPTION_POLL=1',
      `WORKSPACE_INTERRUPTION_HOOK='echo "farewell of $WORKSPACE_INTERRUPTION_ACTION"'`,
      `WORKSPACE_RESTART_HOOK='echo "restarted for $WORKSPACE_RESTART_CAUSE"'`,
    ].join('\n');
    const userData = `cat >"$WORKSPACE_ROOT/etc/workspace-agent/local" <<'END'\n${local}\nEND\n`;
    await scene.kube.create(CLASSES, classManifest('told', { ...SPOT, userData }));
    const first = await ready(scene, 'ada', 'told');
    const old = instanceOf(scene, first);
    scene.stack.ec2.faults.interrupt(old.id);
    const second = await untilReady(scene, 'ada', 2);
    expect(old.console.match(/farewell of terminate/g)).toHaveLength(1);
    await until('the restart hook ran', () =>
      instanceOf(scene, second).console.includes('restarted for Interrupted'),
    );
    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
    expect(terminationsOf(scene, 'ada')).toEqual([]);
  } finally {
    await scene.close();
  }
});
