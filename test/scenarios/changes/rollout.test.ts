import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeWorkspaceClass } from '../../../src/api/kinds/decode.ts';
import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import { provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  isReady,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { mostDown } from '../steps/down.ts';

/** Sixty of the protocol's seconds at twenty times life size: too short for a busy machine, long enough to wait for. */
const SHORT_STARTUP = 60;
/** No healthy boot takes so long. */
const LONG_STARTUP = 86_400;

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

describe('roll-outs of a class', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start({ WORKSPACE_TIMING_REPAIR_BACKOFF_MIN_MS: '200' });
  });
  afterAll(() => scene.close());

  async function classOf(name: string): Promise<WorkspaceClass> {
    return decodeWorkspaceClass(await scene.kube.get(CLASSES, name));
  }

  const patchClass = (name: string, spec: unknown) => scene.kube.mergePatch(CLASSES, { name }, { spec });

  async function classWith(name: string, count: number, spec: Record<string, unknown>): Promise<string[]> {
    const rollout = { maxUnavailable: '2', minIntervalSeconds: 1 };
    await scene.kube.create(
      CLASSES,
      classManifest(name, { startupTimeoutSeconds: LONG_STARTUP, rollout, ...spec }),
    );
    const all = names(name, count);
    await Promise.all(
      all.map(async (workspace) => {
        await putSecret(scene, `${workspace}-env`, { OWN: workspace });
        await createWorkspace(scene, workspace, { className: name });
      }),
    );
    await Promise.all(all.map((workspace) => untilReady(scene, workspace, 1)));
    return all;
  }

  const provisioned = (all: readonly string[]) => all.map((name) => provisionsOf(scene, name).length);
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);

  test('one first: no second is touched before it is Ready; then the rest, two at a time, each once', async () => {
    const all = await classWith('first', 6, {});
    scene.stack.agents.hold('*', true);
    await patchClass('first', { rootVolume: { sizeGiB: 31 } });
    await until('one is being replaced', () => sum(provisioned(all)) === 7);
    const [canary = ''] = all.filter((name) => provisionsOf(scene, name).length === 2);
    for (const other of all.filter((name) => name !== canary)) {
      const waiting = await untilWorkspace(scene, other, 'it waits for the first', (workspace) => {
        return conditionOf(workspace, 'UpToDate')?.reason === 'RolloutVerifying';
      });
      expect(isReady(waiting)).toBe(true);
      expect(conditionOf(waiting, 'UpToDate')?.message).toContain(`default/${canary}`);
    }
    await sweeps(scene, 4);
    expect(sum(provisioned(all))).toBe(7);
    scene.stack.agents.hold('*', false);

    await Promise.all(all.map((name) => untilReady(scene, name, 2)));
    expect(provisioned(all)).toEqual(all.map(() => 2));
    expect(mostDown(scene, (name) => all.includes(name))).toBeLessThanOrEqual(2);
    const done = await until('the class says so', async () => {
      const { status } = await classOf('first');
      // Numbers are written seldom: the last of them come after the end.
      return status?.rollout?.endedAt !== undefined && status.counts?.current === 6 && status;
    });
    expect(done.rollout).toMatchObject({ total: 6, updated: 6 });
    expect(done.counts).toMatchObject({ total: 6, updating: 0, failing: 0 });
  });

  test('what fails again and again is halted, what serves stays, a repair goes on, and a person’s word resumes it', async () => {
    const all = await classWith('halted', 4, {});
    for (const name of all) scene.stack.agents.hold(`default/${name}`, true);
    await patchClass('halted', { rootVolume: { sizeGiB: 31 }, startupTimeoutSeconds: SHORT_STARTUP });
    const halted = await until('the class is halted', async () => {
      const klass = await classOf('halted');
      return klass.status?.halted && klass;
    });
    const condition = halted.status?.conditions?.find(({ type }) => type === 'RolloutComplete');
    expect(condition).toMatchObject({ status: 'False', reason: 'RolloutHalted' });
    expect(condition?.message).toMatch(/never became Ready\. Fix the class/);
    const [canary = ''] = all.filter((name) => provisionsOf(scene, name).length > 1);
    expect(halted.status?.halted).toMatchObject([{ by: `default/${canary}` }]);
    const others = all.filter((name) => name !== canary);
    for (const other of others) {
      const stays = await untilWorkspace(scene, other, 'the status shows it', (workspace) => {
        return conditionOf(workspace, 'UpToDate')?.reason === 'RolloutHalted';
      });
      expect(isReady(stays)).toBe(true);
    }

    // What dies meanwhile is repaired, and a new one launched: they have nothing to lose.
    await patchClass('halted', { startupTimeoutSeconds: LONG_STARTUP });
    for (const name of all) scene.stack.agents.hold(`default/${name}`, false);
    const [victim = '', ...rest] = others;
    const lost = (await getWorkspace(scene, victim)).status?.instance?.id ?? '';
    scene.stack.ec2.faults.end(lost);
    await untilReady(scene, victim, 2);
    await sweeps(scene, 4);
    expect(provisioned(rest)).toEqual(rest.map(() => 1));

    await patchClass('halted', { requests: { resume: 'fixed' } });
    await Promise.all(rest.map((name) => untilReady(scene, name, 2)));
    expect(provisioned(rest)).toEqual(rest.map(() => 2));
    const { status } = await until('the class is well', async () => {
      const klass = await classOf('halted');
      return klass.status?.rollout?.endedAt !== undefined && klass;
    });
    expect(status?.halted).toBeUndefined();
    expect(status?.handled?.resume).toBe('fixed');
  });
});
