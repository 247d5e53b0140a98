import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest, NAMESPACE } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  isReady,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';

describe('how many instances a class may have', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    await scene.kube.create(
      CLASSES,
      classManifest('small', { maxInstances: 2, startupTimeoutSeconds: 86_400 }),
    );
    await putSecret(scene, 'small-env', { KEY: 'a' });
  });
  afterAll(() => scene.close());

  const spec = { className: 'small', envFrom: [{ secretRef: { name: 'small-env' } }] };
  const turnedAway = (name: string) =>
    untilWorkspace(scene, name, 'it is turned away', (workspace) => {
      return conditionOf(workspace, 'Ready')?.reason === 'ClassLimitReached';
    });

  test('who comes too late waits, in the order of creation, and enters as soon as there is room', async () => {
    for (const name of ['one', 'two']) {
      await createWorkspace(scene, name, spec);
      await untilReady(scene, name, 1);
    }
    await createWorkspace(scene, 'three', spec);
    await turnedAway('three');
    // The order of creation is known to the second only.
    await until('another second', async () => {
      const created = Date.parse((await getWorkspace(scene, 'three')).metadata.creationTimestamp ?? '');
      return Date.now() >= created + 1_000;
    });
    await createWorkspace(scene, 'four', spec);
    await turnedAway('four');
    await sweeps(scene, 3);
    expect(provisionsOf(scene, 'three')).toEqual([]);

    await scene.kube.delete(WORKSPACES, 'one', NAMESPACE);
    await untilReady(scene, 'three', 1);
    expect(provisionsOf(scene, 'four')).toEqual([]);
  });

  test('a stopped one keeps its room, and its own successor needs none', async () => {
    await patchWorkspace(scene, 'two', { spec: { operatingMode: 'Stopped' } });
    await untilWorkspace(
      scene,
      'two',
      'it is stopped',
      ({ status }) => status?.instance?.state === 'stopped',
    );
    await sweeps(scene, 3);
    expect(provisionsOf(scene, 'four')).toEqual([]);
    await patchWorkspace(scene, 'three', { spec: { requests: { restart: 'please' } } });
    await untilReady(scene, 'three', 2);
    expect(provisionsOf(scene, 'four')).toEqual([]);
  });

  test('a lower limit ends nothing, a higher one lets the next one in', async () => {
    await scene.kube.mergePatch(CLASSES, { name: 'small' }, { spec: { maxInstances: 0 } });
    await sweeps(scene, 3);
    expect(isReady(await getWorkspace(scene, 'three'))).toBe(true);
    await scene.kube.mergePatch(CLASSES, { name: 'small' }, { spec: { maxInstances: 3 } });
    await untilReady(scene, 'four', 1);
    expect(scene.stack.ec2.counters.provisions()).toHaveLength(5);
  });
});
