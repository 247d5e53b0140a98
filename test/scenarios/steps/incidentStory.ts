import { expect } from 'vitest';
import type { Operator } from '../../../src/operator/operator.ts';
import { liveInstancesOf, metric, provisionsOf, sweeps, terminationsOf } from '../scene/counts.ts';
import type { Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, putSecret, report, untilReady, untilWorkspace } from '../scene/workspaces.ts';

/**
 * One secret changed, and four reports while its successor boots: one provision, and a later change is another.
 * @param judge what else must hold between the two
 */
export async function playIncident(scene: Scene, judge: () => Promise<void> = async () => {}): Promise<void> {
  await putSecret(scene, 'ada-env', { API_KEY: 'first' });
  await createWorkspace(scene, 'ada');
  const first = await untilReady(scene, 'ada', 1);
  const submittedAt = Date.parse(first.status?.launch?.submittedAt ?? '');
  await until('the window is over', () => Date.now() > submittedAt + 60 * 50);

  // However slow this machine is, the reports come while the successor is pending.
  const { lifecycle } = scene.stack.ec2.state;
  lifecycle.freezePending(true);
  await putSecret(scene, 'ada-env', { API_KEY: 'second' });
  const pending = await untilWorkspace(scene, 'ada', 'its successor is pending', (workspace) => {
    const { launch, instance } = workspace.status ?? {};
    return launch?.number === 2 && instance?.state === 'pending';
  });
  // What the predecessor held says nothing of its successor.
  expect(pending.status?.instance?.env).toBeUndefined();
  for (let count = 0; count < 4; count += 1) expect(await report(scene, 'ada')).toBe(202);
  lifecycle.freezePending(false);
  const second = await untilReady(scene, 'ada', 2);
  await sweeps(scene, 6);

  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(terminationsOf(scene, 'ada')).toHaveLength(1);
  expect(liveInstancesOf(scene, 'ada')).toEqual([second.status?.launch?.instanceID]);
  expect(second.status?.provisions).toBe(2);
  expect(second.status?.launch?.cause).toEqual({ kind: 'SecretChanged', ref: '2' });
  expect(second.status?.desired?.changed).toEqual(['ada-env/API_KEY']);
  await judge();

  const again = Date.parse(second.status?.launch?.submittedAt ?? '');
  await until('the next window is over', () => Date.now() > again + 60 * 50);
  await putSecret(scene, 'ada-env', { API_KEY: 'third' });
  await untilReady(scene, 'ada', 3);
  expect(provisionsOf(scene, 'ada')).toHaveLength(3);
}

/** What an operator in this process says of it, before the later change. */
export async function expectIncidentReported(scene: Scene, operator: Operator): Promise<void> {
  const dropped = scene.logs.filter((line) => line.msg === 'report.dropped');
  expect(dropped).toHaveLength(4);
  expect(await metric(operator, 'workspace_reports_total{outcome="dropped"}')).toBe(4);
  expect(await metric(operator, 'workspace_provisions_total{cause="SecretChanged"}')).toBe(1);
  expect(scene.logs.filter((line) => line.event === 'provision.ec2_started')).toHaveLength(2);
  expect(scene.logs.filter((line) => line.event === 'provision.ec2_stopped')).toHaveLength(1);
}
