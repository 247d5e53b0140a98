import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import { provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';

const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };
const LABEL = 'compute.molecule.ai/kind=user-data';
const SOON = { WORKSPACE_CONTROLLER_USER_DATA_RETENTION_MS: '1500' };

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
  await scene.start(SOON);
});
afterAll(() => scene.close());

/** The texts that are kept, but for the gateway's CA bundle. */
async function scripts(): Promise<string[]> {
  const { items } = await scene.kube.list<KubeObject & { data?: { content?: string } }>(CONFIG_MAPS, {
    namespace: 'workspace-system',
    labelSelector: LABEL,
  });
  return items
    .map(({ data }) => data?.content ?? '')
    .filter((content) => content.startsWith('#!'))
    .sort();
}

const setScript = (userData: string) =>
  scene.kube.mergePatch(CLASSES, { name: 'scripted' }, { spec: { userData } });

test('a class’s script is kept while the class has it or a launch was made with it, and is gone some time afterwards', async () => {
  await scene.kube.create(CLASSES, classManifest('scripted', { userData: '#!/bin/sh\n: one\n' }));
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada', { className: 'scripted' });
  await untilReady(scene, 'ada', 1);
  expect(await scripts()).toEqual(['#!/bin/sh\n: one\n']);

  await setScript('#!/bin/sh\n: two\n');
  await untilReady(scene, 'ada', 2);
  await until('the first script is gone', async () => (await scripts()).join() === '#!/bin/sh\n: two\n');

  // Back again: it was removed, so it is kept again before a launch refers to it.
  await setScript('#!/bin/sh\n: one\n');
  await untilReady(scene, 'ada', 3);
  await until('the second script is gone', async () => (await scripts()).join() === '#!/bin/sh\n: one\n');
  await sweeps(scene, 10);
  expect(await scripts()).toEqual(['#!/bin/sh\n: one\n']);
  expect(provisionsOf(scene, 'ada')).toHaveLength(3);
});
