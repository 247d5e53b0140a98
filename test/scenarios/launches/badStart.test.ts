import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { provisionsOf } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { cloudCallsBetween, expectTermsOnly, readBooks } from '../steps/audit.ts';
import { eventsOf } from '../steps/events.ts';
import { refuse, relent } from '../steps/refusals.ts';

/** Sixty of the protocol's seconds, ms. */
const MINUTE_MS = 3_000;

interface Case {
  name: string;
  prepare(scene: Scene, name: string): unknown;
  className?: string;
  reason: string;
  message: RegExp;
  fix(scene: Scene, name: string): unknown;
}

const withSecret = (scene: Scene, name: string) => putSecret(scene, `${name}-env`, { KEY: 'a' });

const CASES: Case[] = [
  {
    name: 'secret-missing',
    prepare: () => undefined,
    reason: 'SecretMissing',
    message: /Secret "secret-missing-env" not found in namespace "default"; create it/,
    fix: withSecret,
  },
  {
    name: 'class-missing',
    className: 'absent',
    prepare: withSecret,
    reason: 'ClassNotFound',
    message: /WorkspaceClass "absent" does not exist; create it/,
    fix: (scene) => scene.kube.create(CLASSES, classManifest('absent')),
  },
  {
    name: 'refused',
    async prepare(scene, name) {
      await withSecret(scene, name);
      refuse(scene, name, { code: 'InvalidParameterValue', message: 'Invalid IAM Instance Profile name' });
    },
    reason: 'InvalidConfiguration',
    message: /EC2 refused.*InvalidParameterValue.*Invalid IAM Instance Profile name.*Fix the class/,
    fix: relent,
  },
  {
    name: 'quota',
    async prepare(scene, name) {
      await withSecret(scene, name);
      refuse(scene, name, { code: 'VcpuLimitExceeded', message: 'You have requested more vCPU capacity.' });
    },
    reason: 'QuotaExceeded',
    message: /VcpuLimitExceeded.*Ask AWS for a higher quota; the next attempt is at/,
    fix: relent,
  },
];

describe('a Workspace that can not be launched', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    for (const { name, className = 'standard', prepare } of CASES) {
      await prepare(scene, name);
      await createWorkspace(scene, name, { className });
    }
  });
  afterAll(() => scene.close());

  test.concurrent.each(CASES)('$name: Ready and an event say why', async ({ name, reason, message }) => {
    const workspace = await untilWorkspace(
      scene,
      name,
      reason,
      (it) => conditionOf(it, 'Ready')?.reason === reason,
    );
    expect(conditionOf(workspace, 'Ready')).toMatchObject({ status: 'False' });
    expect(conditionOf(workspace, 'Ready')?.message).toMatch(message);
    expect(conditionOf(workspace, 'Stalled')).toMatchObject({ status: 'True', reason });
    const event = await until(`an event says ${reason}`, async () =>
      (await eventsOf(scene, name)).find((one) => one.reason === reason),
    );
    expect(event).toMatchObject({ type: 'Warning', note: expect.stringMatching(message) });
  });

  test('waiting for a person costs little: EC2 is asked again at growing intervals', async () => {
    const before = readBooks(scene);
    await wait(MINUTE_MS);
    const after = readBooks(scene);
    const { RunInstances: asked = 0 } = cloudCallsBetween(before, after).others;
    expectTermsOnly(before, after, 1, ['RunInstances']);
    expect(asked).toBeLessThanOrEqual(4);
    expect(after.logLines - before.logLines).toBeLessThanOrEqual(10);
    for (const { name } of CASES) expect(provisionsOf(scene, name)).toEqual([]);
  });

  test.concurrent.each(CASES)(
    '$name: once fixed, it is launched automatically, once',
    async ({ name, fix }) => {
      await fix(scene, name);
      await untilReady(scene, name);
      expect(provisionsOf(scene, name)).toHaveLength(1);
      expect((await getWorkspace(scene, name)).status?.provisions).toBe(1);
    },
  );
});
