import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperatorProcess } from '../../../dev/stack/operatorProcess.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../../scenarios/scene/counts.ts';
import { createScene, type Scene } from '../../scenarios/scene/scene.ts';
import { createWorkspace, putSecret, untilReady } from '../../scenarios/scene/workspaces.ts';
import { isLeading, LEASE } from '../../scenarios/steps/pair.ts';

/** Sixty of the protocol's seconds, ms. */
const MINUTE_MS = 3_000;
const EFFECTS = ['RunInstances', 'TerminateInstances', 'StartInstances', 'StopInstances'];

describe('kube-apiserver hangs for longer than the lease lasts', () => {
  let scene: Scene;
  let operator: OperatorProcess;
  beforeAll(async () => {
    scene = await createScene();
    operator = scene.spawn(LEASE);
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
    await wait(MINUTE_MS);
  });
  afterAll(() => scene.close());

  const signal = (name: NodeJS.Signals) => {
    const { pid } = scene.cluster ?? {};
    if (pid === undefined) throw new Error('this needs a real cluster: npm run test:cluster');
    process.kill(pid, name);
  };
  const effects = () => EFFECTS.map((action) => scene.stack.ec2.counters.count(action));

  test('the leader stands down and sends nothing, even for an instance that EC2 says ended', async () => {
    const [id = ''] = liveInstancesOf(scene, 'ada');
    const before = effects();
    signal('SIGSTOP');
    try {
      scene.stack.ec2.faults.end(id);
      await operator.line((line) => line.msg === 'stopped leading');
      await wait(MINUTE_MS);
      expect(effects()).toEqual(before);
    } finally {
      signal('SIGCONT');
    }
  });

  test('when it answers again, what happened meanwhile is one provision', async () => {
    const terms = () => operator.lines.filter(isLeading).length;
    const after = await untilReady(scene, 'ada', 2);
    await sweeps(scene, 10);
    expect(terms()).toBe(2);
    expect(after.status?.launch?.cause).toEqual({ kind: 'Ended', ref: '1' });
    expect(after.status?.instance?.env).toBe(after.status?.desired?.env);
    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
    expect(terminationsOf(scene, 'ada')).toEqual([]);
  });
});
