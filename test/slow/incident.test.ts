import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canRunShellInstances } from '../../dev/instances/shellRuntime.ts';
import { freePort } from '../../dev/ports.ts';
import { liveInstancesOf, metric, provisionsOf, terminationsOf } from '../scenarios/scene/counts.ts';
import { NAMESPACE } from '../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../scenarios/scene/scene.ts';
import { until } from '../scenarios/scene/until.ts';
import {
  createWorkspace,
  putSecret,
  report,
  untilReady,
  untilWorkspace,
} from '../scenarios/scene/workspaces.ts';

/** A class's default between two launches that changes cause, ms. */
const WINDOW_MS = 60_000;

describe('the incident at life size, with the real agent where there is curl', () => {
  let scene: Scene;
  let metricsPort: number;
  beforeAll(async () => {
    scene = await createScene({ speed: 1, agents: canRunShellInstances() ? 'shell' : 'light' });
    metricsPort = await freePort();
    const operator = scene.spawn({ WORKSPACE_METRICS_LISTEN_PORT: String(metricsPort) });
    await operator.line((line) => line.msg === 'became leader');
  });
  afterAll(() => scene.close());

  test('one secret changed, four reports while it is pending and boots: one provision', async () => {
    const target = `${NAMESPACE}/ada`;
    const windowOver = (submittedAt: string | undefined) =>
      until('the window is over', () => Date.now() > Date.parse(submittedAt ?? '') + WINDOW_MS);
    await putSecret(scene, 'ada-env', { API_KEY: 'first' });
    await createWorkspace(scene, 'ada');
    const first = await untilReady(scene, 'ada', 1);
    await windowOver(first.status?.launch?.submittedAt);

    scene.stack.agents.hold(target, true);
    await putSecret(scene, 'ada-env', { API_KEY: 'second' });
    for (const state of ['pending', 'running']) {
      await untilWorkspace(scene, 'ada', `its successor is ${state}`, ({ status }) => {
        return status?.launch?.number === 2 && status.instance?.state === state;
      });
      for (let count = 0; count < 2; count += 1) {
        expect(await report(scene, 'ada')).toBe(202);
        await wait(5_000);
      }
    }
    scene.stack.agents.hold(target, false);
    const second = await untilReady(scene, 'ada', 2);
    await windowOver(second.status?.launch?.submittedAt);

    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
    expect(terminationsOf(scene, 'ada')).toHaveLength(1);
    expect(liveInstancesOf(scene, 'ada')).toEqual([second.status?.launch?.instanceID]);
    expect(second.status?.launch?.cause).toEqual({ kind: 'SecretChanged', ref: '2' });
    expect(scene.logs.filter((line) => line.msg === 'report.dropped')).toHaveLength(4);
    expect(await metric({ metricsPort }, 'workspace_reports_total{outcome="dropped"}')).toBe(4);
    expect(await metric({ metricsPort }, 'workspace_provisions_total{cause="SecretChanged"}')).toBe(1);

    await putSecret(scene, 'ada-env', { API_KEY: 'third' });
    await untilReady(scene, 'ada', 3);
    expect(provisionsOf(scene, 'ada')).toHaveLength(3);
  });
});
