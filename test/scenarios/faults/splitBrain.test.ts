import { expect, test } from 'vitest';
import { sweeps } from '../scene/counts.ts';
import { until } from '../scene/until.ts';
import { putSecret, untilReady } from '../scene/workspaces.ts';
import { callsBetween, readBooks } from '../steps/audit.ts';
import { expectCarriedOutOnce, isLeading, type Pair, withPair } from '../steps/pair.ts';

/** Longer than the lease lasts, ms, so that the other leads when what was on its way arrives. */
const LATE_MS = 8_000;
/** And sooner than a request may land at the latest. */
const TIMING = { WORKSPACE_TIMING_LATE_MS: '12000' };

/** By the books of cloud and cluster: a former leader sends nothing that changes anything. */
async function expectNothingSent({ scene, leader }: Pair): Promise<void> {
  const before = readBooks(scene);
  process.kill(leader.pid, 'SIGCONT');
  await leader.line((line) => line.msg === 'stopped leading');
  await sweeps(scene, 10);
  const after = readBooks(scene);
  const calls = Object.keys(callsBetween(before, after, 'cloud'));
  expect(calls.filter((action) => !action.startsWith('Describe'))).toEqual([]);
  const writes = Object.keys(callsBetween(before, after, 'cluster'));
  expect(writes.filter((call) => /^(create|update|patch|delete) workspaces/.test(call))).toEqual([]);
}

// One moment, over sockets and with real signals. Every moment: test/virtual/faults/splitBrain.test.ts.
test('a leader frozen for longer than its lease as its request is on its way, which is carried out when the other leads, and then thawed', async () => {
  const play = async (pair: Pair) => {
    const { scene, leader, standby } = pair;
    const { faults } = scene.stack.ec2;
    faults.add({ action: 'RunInstances', fault: { kind: 'latency', ms: LATE_MS } });
    const moment = until('it is on its way', () => faults.rules().length === 0);
    await putSecret(scene, 'ada-env', { KEY: 'b' });
    await moment;
    process.kill(leader.pid, 'SIGSTOP');
    await standby.line(isLeading);
    await untilReady(scene, 'ada', 2);
    await sweeps(scene, 10);
    await expectNothingSent(pair);
    await expectCarriedOutOnce(scene);
  };
  await withPair(play, async () => TIMING);
});
