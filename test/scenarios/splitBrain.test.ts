import { describe, expect, test } from 'vitest';
import { callsBetween, readBooks } from './audit.ts';
import { putSecret, type Scene, sweeps, until, untilReady, untilWorkspace } from './harness.ts';
import { expectCarriedOutOnce, isLeading, type Pair, withPair } from './pair.ts';

/** Longer than the lease lasts, ms, so that the other leads when what was on its way arrives. */
const LATE_MS = 4_000;

/** By the books of cloud and cluster: whoever led before sends nothing that changes anything. */
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

describe('a leader frozen in the middle of a change for longer than its lease, and thawed when the other leads', () => {
  test.each<[string, (scene: Scene) => Promise<unknown>]>([
    [
      'as the predecessor ends',
      (scene) =>
        untilWorkspace(scene, 'ada', 'its launch waits', ({ status }) => status?.launch?.phase === 'Waiting'),
    ],
    [
      'as its request is on its way, which is carried out when the other leads',
      (scene) => {
        const { faults } = scene.stack.ec2;
        faults.add({ action: 'RunInstances', fault: { kind: 'latency', ms: LATE_MS } });
        return until('it is on its way', () => faults.rules().length === 0);
      },
    ],
    [
      'as its write of the status is on its way, which arrives when the other leads',
      (scene) => {
        const { faults } = scene.stack.api;
        faults.add({
          match: { verbs: ['patch'], resources: ['workspaces'], subresources: ['status'] },
          effect: { kind: 'latency', ms: LATE_MS },
          times: 1,
        });
        return until('it is on its way', () => faults.active().every(({ hits }) => hits > 0));
      },
    ],
  ])('%s', async (_when, reached) => {
    const play = async (pair: Pair) => {
      const { scene, leader, standby } = pair;
      const moment = reached(scene);
      await putSecret(scene, 'ada-env', { KEY: 'b' });
      await moment;
      process.kill(leader.pid, 'SIGSTOP');
      await standby.line(isLeading);
      await untilReady(scene, 'ada', 2);
      await sweeps(scene, 10);
      await expectNothingSent(pair);
      await expectCarriedOutOnce(scene);
    };
    await withPair(play, undefined, { apiFaults: true });
  });
});
