import { expect } from 'vitest';
import type { Scene } from '../scene/scene.ts';
import { createWorkspace, putSecret, report, untilReady } from '../scene/workspaces.ts';

/** Ada's Workspace comes up, is reported, and changes once. */
export async function oneChange(scene: Scene): Promise<void> {
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada');
  await untilReady(scene, 'ada', 1);
  expect(await report(scene, 'ada')).toBe(202);
  await putSecret(scene, 'ada-env', { KEY: 'b' });
  await untilReady(scene, 'ada', 2);
}
