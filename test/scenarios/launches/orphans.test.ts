import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentState } from '../../../dev/ec2/base/model.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { EVENTS } from '../../../src/controller/events/eventBody.ts';
import type { Operator } from '../../../src/operator/operator.ts';
import { liveInstancesOf, metric, provisionsOf, sweeps, terminationsOf } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';
import { abandon } from '../steps/abandon.ts';

/** Looked for all the time, with hardly a grace: what is left alone here has another reason. */
const SOON = { WORKSPACE_ORPHANS_INTERVAL_MS: '300', WORKSPACE_ORPHANS_GRACE_MS: '2000' };

/** For the one that falls silent: a class's timeouts are not scaled with the protocol. The others may be late on a busy machine. */
const QUICK = { heartbeat: { periodSeconds: 1, timeoutSeconds: 3 } };

describe('instances without an owner', () => {
  let scene: Scene;
  let operator: Operator;
  beforeAll(async () => {
    scene = await createScene();
    operator = await scene.start(SOON);
    await scene.kube.create(CLASSES, classManifest('quick', QUICK));
    for (const name of ['kept', 'silent', 'heard', 'copied']) {
      await putSecret(scene, `${name}-env`, { KEY: 'a' });
      await createWorkspace(scene, name, { className: name === 'silent' ? 'quick' : 'standard' });
    }
    for (const name of ['kept', 'silent', 'heard', 'copied']) await untilReady(scene, name, 1);
    // One that never heartbeats any more, and one whose tags are not its launch's.
    scene.stack.agents.crash('default/silent');
    for (const instance of scene.stack.ec2.state.instances.values()) {
      const copied = instance.tags.some(({ key, value }) => key === TAG.name && value === 'copied');
      if (copied) instance.tags = instance.tags.filter(({ key }) => key !== TAG.number);
    }
    for (const name of ['silent', 'heard', 'copied']) await abandon(scene, name);
  });
  afterAll(() => scene.close());

  const gauge = (verdict: string) => metric(operator, `workspace_orphans{verdict="${verdict}"}`);
  const orphans = ['silent', 'heard', 'copied'];

  async function notes(reason: string): Promise<string[]> {
    const { items } = await scene.kube.list(EVENTS, { namespace: 'workspace-system' });
    return items.flatMap((item) => {
      const event = item as unknown as { reason: string; note: string };
      return event.reason === reason ? [event.note] : [];
    });
  }

  test('by default they are reported and counted, and none is ended', async () => {
    await until('the heartbeating one is counted', async () => (await gauge('Heartbeating')) >= 1);
    await until('the copied one is counted', async () => (await gauge('Foreign')) === 1);
    await until('events name them', async () => (await notes('OrphanFound')).length >= 2);
    await sweeps(scene, 10);
    for (const name of orphans) expect(liveInstancesOf(scene, name)).toHaveLength(1);
    expect(scene.stack.ec2.counters.terminations()).toEqual([]);
  });

  test('asked to, the operator ends the silent one, and neither one that heartbeats nor one that is not its own', async () => {
    await operator.stop();
    operator = await scene.start({ ...SOON, WORKSPACE_ORPHANS_POLICY: 'Terminate' });
    await until('the silent one is ended', () => liveInstancesOf(scene, 'silent').length === 0);
    await until('an event names it', async () => (await notes('OrphanEnded')).length === 1);
    await sweeps(scene, 10);
    expect(terminationsOf(scene, 'silent')).toHaveLength(1);
    for (const name of ['kept', 'heard', 'copied']) expect(liveInstancesOf(scene, name)).toHaveLength(1);
    expect(scene.logs.filter(({ event }) => event === 'orphan.ended')).toHaveLength(1);
    expect(await gauge('Heartbeating')).toBe(1);
    for (const name of ['kept', ...orphans]) expect(provisionsOf(scene, name)).toHaveLength(1);
    const states = [...scene.stack.ec2.state.instances.values()].map(currentState);
    expect(states.filter((state) => state === 'running')).toHaveLength(3);
  });
});
