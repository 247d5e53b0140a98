import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/base/meta.ts';
import { EFFECT } from '../driver/processes.ts';
import { play } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

/** Longer than a lease lasts, so that the next operator leads when what was on its way arrives. */
const LATE_MS = 20 * SECOND;

async function begin(world: World): Promise<void> {
  await world.putSecret('ada-env', { KEY: 'a' });
  world.startOperator();
  await world.untilLeader();
}

async function expectOneInstance(world: World): Promise<void> {
  world.startOperator();
  const workspace = await world.untilReady('ada', 1);
  await world.pass(3 * MINUTE);
  expect(world.provisions('ada')).toHaveLength(1);
  expect(world.live('ada')).toEqual([workspace.status?.launch?.instanceID]);
  expect(world.workspace('ada').status?.provisions).toBe(1);
}

async function expectNothingLeft(world: World): Promise<void> {
  if (world.live('ada').length > 0) expect(world.workspace('ada').metadata.finalizers).toContain(FINALIZER);
  world.startOperator();
  await world.untilGone('ada');
  expect(world.live('ada')).toEqual([]);
  expect(world.provisions('ada')).toHaveLength(1);
}

const isArmed = (world: World) => world.find('ada')?.status?.launch?.phase === 'Submitted';

describe('killed while launching, and started again: one instance, none leaked', () => {
  const moments: [string, (world: World) => Promise<unknown>][] = [
    [
      'between the intent and RunInstances',
      async (world) => {
        world.ec2({ action: 'RunInstances', fault: { kind: 'lostRequest', how: 'hang' } });
        await world.createWorkspace('ada');
        await world.until('it is armed', () => isArmed(world));
        expect(world.provisions('ada')).toHaveLength(0);
      },
    ],
    [
      'between RunInstances and its answer',
      async (world) => {
        world.ec2({ action: 'RunInstances', fault: { kind: 'lostResponse', how: 'hang' } });
        await world.createWorkspace('ada');
        await world.until('it was provisioned', () => world.provisions('ada').length === 1);
      },
    ],
    [
      'between the answer and the status, with the write still in flight',
      async (world) => {
        world.ec2({ action: 'RunInstances', fault: { kind: 'latency', ms: SECOND } });
        await world.createWorkspace('ada');
        await world.until('it is armed', () => isArmed(world));
        const write = world.apiServer({
          match: { verbs: ['patch'], resources: ['workspaces'], subresources: ['status'] },
          effect: { kind: 'latency', ms: LATE_MS },
          times: 1,
        });
        await world.until('it was provisioned', () => world.provisions('ada').length === 1);
        await world.until('the write is on its way', () => write.hits() > 0);
        expect(world.workspace('ada').status?.launch?.instanceID).toBeUndefined();
      },
    ],
  ];
  test.each(moments)('%s', (_moment, reach) =>
    play({ replicas: 0 }, async (world) => {
      await begin(world);
      await reach(world);
      world.leader().kill();
      await expectOneInstance(world);
    }),
  );

  test.each(['before', 'after'] as const)('%s any one call that changes anything', async (when) => {
    let moments = 0;
    for (let killed = true; killed; moments += killed ? 1 : 0)
      await play({ replicas: 0 }, async (world) => {
        await begin(world);
        const isKilled = world.killAt({ call: EFFECT, when, nth: moments + 1 });
        await world.createWorkspace('ada');
        await world.until('it is killed, or done', () => isKilled() || world.now() > MINUTE);
        killed = isKilled() !== undefined;
        if (killed) await expectOneInstance(world);
      });
    // Two writes of the beginning, the finalizer, the launch opened, armed and sent, and its instance recorded.
    expect(moments).toBeGreaterThanOrEqual(6);
  });
});

describe('killed while deleting, and started again: nothing is left, and not before EC2 says so', () => {
  const moments: [string, (world: World) => () => unknown][] = [
    [
      'before TerminateInstances arrives',
      (world) => {
        world.ec2({ action: 'TerminateInstances', fault: { kind: 'lostRequest', how: 'hang' } });
        return () => world.faults.rules().length === 0;
      },
    ],
    [
      'before its answer',
      (world) => {
        world.ec2({ action: 'TerminateInstances', fault: { kind: 'lostResponse', how: 'hang' } });
        return () => world.calls('TerminateInstances') === 1;
      },
    ],
    [
      'before the finalizer is removed',
      (world) => {
        const write = world.apiServer({
          match: { verbs: ['patch'], resources: ['workspaces'], subresources: [''] },
          effect: { kind: 'latency', ms: LATE_MS },
          times: 1,
        });
        return () => write.hits() > 0;
      },
    ],
  ];
  test.each(moments)('%s', (_moment, prepare) =>
    play({ replicas: 0 }, async (world) => {
      await begin(world);
      await world.createWorkspace('ada');
      await world.untilReady('ada', 1);
      const isReached = prepare(world);
      await world.remove('ada');
      await world.until('the moment', () => Boolean(isReached()));
      world.leader().kill();
      await expectNothingLeft(world);
    }),
  );

  test.each(['before', 'after'] as const)('%s any one call that changes anything', async (when) => {
    let moments = 0;
    for (let killed = true; killed; moments += killed ? 1 : 0)
      await play({ replicas: 0 }, async (world) => {
        await begin(world);
        await world.createWorkspace('ada');
        await world.untilReady('ada', 1);
        const isKilled = world.killAt({ call: EFFECT, when, nth: moments + 1 });
        await world.remove('ada');
        await world.until('it is killed, or it is gone', () => Boolean(isKilled()) || !world.find('ada'));
        killed = isKilled() !== undefined;
        await expectNothingLeft(world);
      });
    expect(moments).toBeGreaterThan(3);
  });
});
