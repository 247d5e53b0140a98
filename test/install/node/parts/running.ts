import { expect } from 'vitest';
import { NAMESPACE } from '../../../scenarios/scene/objects.ts';
import { createWorkspace, putSecret, untilReady } from '../../../scenarios/scene/workspaces.ts';
import type { NodeScene } from '../scene.ts';

/** The Workspace that parts share: Ready, and made where no part did. Resolves to its launch's number. */
export async function haveAda(scene: NodeScene): Promise<number> {
  const { code } = await scene.kubectl.run(['get', 'wks', 'ada', '-n', NAMESPACE]);
  if (code !== 0) {
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
  }
  const { status } = await untilReady(scene, 'ada');
  return status?.launch?.number ?? 0;
}

/** Answers with what expects that since now nothing was provisioned or ended, by the cloud's own books. */
export function judgeFrom({ stack }: NodeScene): () => void {
  const { provisions, terminations } = stack.ec2.counters;
  const before = { provisions: provisions().length, terminations: terminations().length };
  return () => {
    expect(provisions().slice(before.provisions)).toEqual([]);
    expect(terminations().slice(before.terminations)).toEqual([]);
  };
}
