import { describe, expect, test } from 'vitest';
import { EFFECT } from '../driver/processes.ts';
import { play } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

/** Longer than the lease lasts, so that the other leads when what was on its way arrives. */
const LATE_MS = 20 * SECOND;

/** Two replicas and a Workspace `ada` that may change. */
function withPair(course: (world: World) => Promise<void>): Promise<void> {
  return play({ replicas: 2 }, async (world) => {
    await world.putSecret('ada-env', { KEY: 'a' });
    await world.createWorkspace('ada');
    await world.untilReady('ada', 1);
    await world.pass(MINUTE);
    await course(world);
  });
}

/** The leader stands still until the other has led for long, goes on, and sends nothing that changes anything. */
async function expectCarriedOutOnce(world: World, isFrozen: () => boolean): Promise<void> {
  const leader = world.leader();
  await world.until('the moment', isFrozen);
  leader.freeze();
  const other = await world.until('the other leads', () =>
    world.operators().find((it) => it !== leader && it.leads()),
  );
  const after = await world.untilReady('ada', 2);
  await world.pass(2 * MINUTE);
  const asked = world.changesAsked();
  leader.thaw();
  await world.until('it no longer leads', () => leader.said('stopped leading') === 1);
  await world.pass(2 * MINUTE);
  expect(world.changesAsked()).toEqual(asked);
  expect(world.leader()).toBe(other);
  expect(after.status?.launch?.cause?.kind).toBe('SecretChanged');
  expect(world.provisions('ada')).toHaveLength(2);
  expect(world.terminations('ada')).toHaveLength(1);
  expect(world.live('ada')).toEqual([after.status?.launch?.instanceID]);
  expect(world.workspace('ada').status?.provisions).toBe(2);
}

describe('a leader frozen in the middle of a change for longer than its lease, and thawed when the other leads', () => {
  test.each<[string, (world: World) => () => boolean]>([
    ['as the predecessor ends', (world) => () => world.workspace('ada').status?.launch?.phase === 'Waiting'],
    [
      'as its request is on its way, which is carried out when the other leads',
      (world) => {
        world.ec2({ action: 'RunInstances', fault: { kind: 'latency', ms: LATE_MS } });
        return () => world.faults.rules().length === 0;
      },
    ],
    [
      'as its write of the status is on its way, which arrives when the other leads',
      (world) => {
        const write = world.apiServer({
          match: { verbs: ['patch'], resources: ['workspaces'], subresources: ['status'] },
          effect: { kind: 'latency', ms: LATE_MS },
          times: 1,
        });
        return () => write.hits() > 0;
      },
    ],
  ])('%s', (_when, reached) =>
    withPair(async (world) => {
      const isReached = reached(world);
      await world.putSecret('ada-env', { KEY: 'b' });
      await expectCarriedOutOnce(world, isReached);
    }),
  );

  test.each(['before', 'after'] as const)('%s any one call that changes anything', async (when) => {
    let moments = 0;
    for (let frozen = true; frozen; moments += frozen ? 1 : 0)
      await withPair(async (world) => {
        const frozenAt = world.onCall({ call: EFFECT, when, nth: moments + 1 }, (it) => it.freeze());
        await world.putSecret('ada-env', { KEY: 'b' });
        const done = world.now() + 3 * MINUTE;
        await world.until('it is frozen, or done', () => Boolean(frozenAt()) || world.now() > done);
        frozen = frozenAt() !== undefined;
        if (frozen) await expectCarriedOutOnce(world, () => true);
      });
    expect(moments).toBeGreaterThan(6);
  });
});

test('a process that leads again knows nothing of its earlier term: it ends nothing that the other ended, and shows no old state', () =>
  withPair(async (world) => {
    const leader = world.leader();
    leader.freeze();
    const other = await world.until('the other leads', () =>
      world.operators().find((it) => it !== leader && it.leads()),
    );
    leader.thaw();
    await world.putSecret('ada-env', { KEY: 'b' });
    await world.untilReady('ada', 2);
    await world.pass(2 * MINUTE);
    const before = world.workspace('ada');
    await other.stop();
    // A large fleet is ten pages.
    world.ec2({ action: 'DescribeInstances', fault: { kind: 'latency', ms: 5 * SECOND } });
    await world.until('the first leads again', () => leader.leads());
    await world.pass(2 * MINUTE);
    expect(world.terminations('ada')).toHaveLength(1);
    expect(world.calls('TerminateInstances')).toBe(1);
    expect(world.workspace('ada').status).toEqual(before.status);
  }));
