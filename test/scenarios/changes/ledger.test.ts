import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operator } from '../../../src/operator/operator.ts';
import { metric, provisionsOf, sweeps } from '../scene/counts.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

let scene: Scene;
let operator: Operator;
beforeAll(async () => {
  scene = await createScene({ apiFaults: true });
  operator = await scene.start();
});
afterAll(() => scene.close());

const lines = (event: string) =>
  scene.logs.filter((line) => line.event === event).map(({ number, instanceID }) => [number, instanceID]);

test('the write that records a provision lands and its answer is lost: it is logged and counted all the same, once', async () => {
  scene.stack.ec2.faults.add({ action: 'RunInstances', fault: { kind: 'latency', ms: 500 } });
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada');
  await untilWorkspace(scene, 'ada', 'armed', (it) => it.status?.launch?.phase === 'Submitted');
  expect(provisionsOf(scene, 'ada')).toHaveLength(0);
  scene.stack.api.faults.add({
    match: { verbs: ['patch'], resources: ['workspaces'], subresources: ['status'] },
    effect: { kind: 'disconnect', when: 'after' },
    times: 1,
  });
  const first = await untilReady(scene, 'ada', 1);
  expect(scene.stack.api.faults.active().map(({ hits }) => hits)).toEqual([1]);
  await sweeps(scene, 4);
  expect(lines('provision.ec2_started')).toEqual([[1, first.status?.launch?.instanceID]]);
  expect(await metric(operator, 'workspace_provisions_total{cause="Created"}')).toBe(1);
});

test('a restart repeats no earlier line, and later events have one line each', async () => {
  await operator.stop();
  operator = await scene.start();
  await sweeps(scene, 4);
  expect(lines('provision.ec2_started')).toHaveLength(1);
  expect(await metric(operator, 'workspace_provisions_total{cause="Created"}')).toBe(0);
  await patchWorkspace(scene, 'ada', { spec: { requests: { restart: 'now' } } });
  await untilReady(scene, 'ada', 2);
  await until('the log has the first one’s end', () => lines('provision.ec2_stopped').length === 1);
  await sweeps(scene, 4);
  expect(lines('provision.ec2_started').map(([number]) => number)).toEqual([1, 2]);
  expect(lines('provision.ec2_stopped').map(([number]) => number)).toEqual([1]);
  expect(await metric(operator, 'workspace_provisions_total{cause="Restart"}')).toBe(1);
});
