import { expect, test } from 'vitest';
import { provisionsOf } from '../scene/counts.ts';
import { createScene } from '../scene/scene.ts';
import { createWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';

test('a cloud that answers a second late, as on a busy machine, holds a scene up for seconds and not for ever', async () => {
  const scene = await createScene();
  try {
    const always = { times: Number.POSITIVE_INFINITY, fault: { kind: 'latency', ms: 1_000 } } as const;
    for (const dryRun of [true, false]) scene.stack.ec2.faults.add({ action: '*', dryRun, ...always });
    await scene.start();
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
    await putSecret(scene, 'ada-env', { KEY: 'b' });
    await untilReady(scene, 'ada', 2);
    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  } finally {
    await scene.close();
  }
});
