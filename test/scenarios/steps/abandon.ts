import { ABANDON_ANNOTATION } from '../../../src/api/base/meta.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../scene/objects.ts';
import type { Scene } from '../scene/scene.ts';
import { patchWorkspace, untilGone } from '../scene/workspaces.ts';

/** Lets the object go by the way out for a lost account: what it launched lives on without an owner. */
export async function abandon(scene: Scene, name: string): Promise<void> {
  await patchWorkspace(scene, name, { metadata: { annotations: { [ABANDON_ANNOTATION]: 'true' } } });
  await scene.kube.delete(WORKSPACES, name, NAMESPACE);
  await untilGone(scene, name);
}
