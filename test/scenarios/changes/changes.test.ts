import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

/** A class's sixty seconds at twenty times life size, ms. */
const WINDOW_MS = 3_000;
const PATIENCE_MS = 12_000;

describe.concurrent('what counts as a change, and when it is carried out', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    // Windows that a busy machine can't outlast.
    await scene.kube.create(
      CLASSES,
      classManifest('patient', { rollout: { minIntervalSeconds: PATIENCE_MS / 50 } }),
    );
    await scene.kube.create(CLASSES, classManifest('closed', { rollout: { minIntervalSeconds: 86_400 } }));
  });
  afterAll(() => scene.close());

  async function ready(name: string, className = 'standard'): Promise<Workspace> {
    await putSecret(scene, `${name}-env`, { KEY: 'a' });
    await createWorkspace(scene, name, { className });
    return untilReady(scene, name, 1);
  }

  function windowOver(workspace: Workspace): Promise<true> {
    const submittedAt = Date.parse(workspace.status?.launch?.submittedAt ?? '');
    return until('the window is over', () => Date.now() > submittedAt + WINDOW_MS);
  }

  test('saving the same content again provisions nothing', async () => {
    await windowOver(await ready('same'));
    for (let count = 0; count < 3; count += 1) {
      await putSecret(scene, 'same-env', { KEY: 'a' });
      await scene.kube.mergePatch(
        { group: '', version: 'v1', plural: 'secrets', namespaced: true },
        { name: 'same-env', namespace: 'default' },
        { metadata: { annotations: { touched: String(count) } } },
      );
      await sweeps(scene, 1);
    }
    await sweeps(scene, 10);
    expect(provisionsOf(scene, 'same')).toHaveLength(1);
  });

  test('fifty edits in two seconds are one provision', async () => {
    await windowOver(await ready('burst'));
    for (let count = 1; count <= 50; count += 1) await putSecret(scene, 'burst-env', { KEY: `v${count}` });
    const after = await untilReady(scene, 'burst', 2);
    await sweeps(scene, 10);
    expect(provisionsOf(scene, 'burst')).toHaveLength(2);
    expect(after.status?.desired?.generation).toBe(2);
  });

  test('there and back inside the debounce is no change', async () => {
    await windowOver(await ready('back'));
    await putSecret(scene, 'back-env', { KEY: 'b' });
    await putSecret(scene, 'back-env', { KEY: 'a' });
    await sweeps(scene, 15);
    expect(provisionsOf(scene, 'back')).toHaveLength(1);
    expect((await untilReady(scene, 'back')).status?.desired?.generation).toBe(1);
  });

  test('a change while booting, before the environment is fetched, costs no provision', async () => {
    const target = 'default/late';
    scene.stack.agents.hold(target, true);
    await putSecret(scene, 'late-env', { KEY: 'a' });
    await createWorkspace(scene, 'late');
    await untilWorkspace(scene, 'late', 'running', (it) => it.status?.instance?.state === 'running');
    await putSecret(scene, 'late-env', { KEY: 'b' });
    await untilWorkspace(scene, 'late', 'the change counts', (it) => it.status?.desired?.generation === 2);
    scene.stack.agents.hold(target, false);
    const after = await untilReady(scene, 'late', 1);
    await sweeps(scene, 10);
    expect(provisionsOf(scene, 'late')).toHaveLength(1);
    expect(after.status?.instance?.env).toBe(after.status?.desired?.env);
  });

  test('a different change within the window of the last launch is deferred, shown, and then done', async () => {
    const second = await ready('twice', 'patient');
    await putSecret(scene, 'twice-env', { KEY: 'b' });
    const deferred = await untilWorkspace(
      scene,
      'twice',
      'Deferred',
      (it) => conditionOf(it, 'UpToDate')?.reason === 'Deferred',
    );
    expect(conditionOf(deferred, 'Ready')?.status).toBe('True');
    const third = await untilReady(scene, 'twice', 2);
    const between =
      Date.parse(third.status?.launch?.submittedAt ?? '') -
      Date.parse(second.status?.launch?.submittedAt ?? '');
    expect(between).toBeGreaterThanOrEqual(PATIENCE_MS);
    expect(provisionsOf(scene, 'twice')).toHaveLength(2);
    expect(third.status?.instance?.env).toBe(third.status?.desired?.env);
  });

  test('a restart request within the window is one provision at once; the same value again is none', async () => {
    await ready('again', 'closed');
    await patchWorkspace(scene, 'again', { spec: { requests: { restart: 'please' } } });
    const second = await untilReady(scene, 'again', 2);
    expect(second.status?.launch?.cause).toEqual({ kind: 'Restart', ref: 'please' });
    await patchWorkspace(scene, 'again', { spec: { requests: { restart: null } } });
    await patchWorkspace(scene, 'again', { spec: { requests: { restart: 'please' } } });
    await sweeps(scene, 15);
    expect(provisionsOf(scene, 'again')).toHaveLength(2);
  });

  test('a change of what only a new instance can take up replaces it once, with its cause', async () => {
    await windowOver(await ready('type'));
    await patchWorkspace(scene, 'type', { spec: { instanceType: 'm6i.large' } });
    const after = await untilReady(scene, 'type', 2);
    expect(after.status?.launch?.cause?.kind).toBe('SpecChanged');
    expect(after.status?.instance?.type).toBe('m6i.large');
    expect(provisionsOf(scene, 'type')).toHaveLength(2);
  });

  test('while paused nothing is changed; afterwards the change is carried out', async () => {
    await windowOver(await ready('pause'));
    await patchWorkspace(scene, 'pause', { spec: { paused: true } });
    await putSecret(scene, 'pause-env', { KEY: 'b' });
    await patchWorkspace(scene, 'pause', { spec: { requests: { restart: 'now' } } });
    await sweeps(scene, 15);
    expect(provisionsOf(scene, 'pause')).toHaveLength(1);
    await patchWorkspace(scene, 'pause', { spec: { paused: false } });
    const after = await untilReady(scene, 'pause', 2);
    expect(after.status?.instance?.env).toBe(after.status?.desired?.env);
  });
});
