import { afterAll, beforeAll, expect, test } from 'vitest';
import { provisionsOf } from '../scene/counts.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { createWorkspace, putSecret, untilReady } from '../scene/workspaces.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
  const { url, state } = scene.stack.ec2;
  await scene.start({
    WORKSPACE_AWS_EVENTS_QUEUE_URL: `${url}/${state.account.id}/workspace-events`,
    // After its first sweep only events report what happens to an instance that is Ready.
    WORKSPACE_AWS_SWEEP_INTERVAL_MS: '3600000',
  });
});
afterAll(() => scene.close());

test('an end is known by its event, over SQS’s own protocol, and the message is gone', async () => {
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada');
  const { status } = await untilReady(scene, 'ada', 1);
  scene.stack.ec2.faults.end(status?.launch?.instanceID ?? '');
  const next = await untilReady(scene, 'ada', 2);
  expect(next.status?.history?.[0]).toMatchObject({ number: 1, outcome: 'Ended' });
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(scene.stack.ec2.counters.count('ReceiveMessage', { outcome: 'ok' })).toBeGreaterThan(0);
  expect(scene.stack.ec2.counters.count('DeleteMessageBatch', { outcome: 'ok' })).toBeGreaterThan(0);
});
