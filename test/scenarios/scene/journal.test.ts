import { expect, test } from 'vitest';
import { createScene } from './scene.ts';
import { createWorkspace, putSecret, untilReady } from './workspaces.ts';

test('a timeline shows in order what people, cluster, cloud and operators did, and no secret', async () => {
  const scene = await createScene();
  try {
    const operator = scene.spawn();
    await operator.line((line) => line.msg === 'became leader');
    await putSecret(scene, 'ada-env', { KEY: 'swordfish' });
    await createWorkspace(scene, 'ada');
    const workspace = await untilReady(scene, 'ada', 1);
    scene.stack.ec2.faults.add({
      action: 'TerminateInstances',
      fault: { kind: 'lostResponse', how: 'reset' },
    });
    await operator.end('SIGKILL');
    const id = workspace.status?.launch?.instanceID;
    const timeline = scene.journal.timeline();
    const order = [
      /someone: create secrets ada-env$/m,
      /someone: create workspaces ada \{/,
      /cluster: ada added/,
      /cluster: ada: .*launch 1 Submitted Created$/m,
      /EC2: RunInstances → ok/,
      /operator \d+: .* event=provision\.ec2_started .*number=1/,
      new RegExp(`EC2: ${id} of ada is running`),
      /cluster: ada: .*Ready True/,
      /EC2 from now on: add .*lostResponse/,
      /someone: SIGKILL to operator/,
    ].map((line) => timeline.search(line));
    expect(order, timeline).not.toContain(-1);
    expect(order, timeline).toEqual(order.toSorted((a, b) => a - b));
    expect(scene.journal.glance()).toMatch(/ada: launch 1 .*Ready=True .*instances: i-\w+ running/);
    for (const secret of ['swordfish', Buffer.from('swordfish').toString('base64')])
      expect(timeline).not.toContain(secret);
  } finally {
    await scene.close();
  }
});
