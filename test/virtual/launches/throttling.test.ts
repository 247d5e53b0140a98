import { describe, expect } from 'vitest';
import { TAG } from '../../../src/api/launch/tags.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

/** A status write takes up to this long, ms: so much may pass between the decision to send and the request. */
const WRITE_MS = 1_500;

/** EC2 says "too fast" although the operator kept to its rate: others use the same account. */
async function throttleNowAndThen(world: World, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    world.ec2({ action: 'RunInstances', fault: { kind: 'error', code: 'RequestLimitExceeded' } });
    await world.pass(4 * SECOND);
  }
}

function slowStatusWrites(world: World, ms: number, jitterMs: number): void {
  world.apiServer({
    match: { verbs: ['patch'], resources: ['workspaces'], subresources: ['status'] },
    effect: { kind: 'latency', ms, jitterMs },
  });
}

/** Of each request for a launch that reached the cloud, how long after the launch was armed that was, ms. */
function ages(world: World): readonly number[] {
  const all: number[] = [];
  world.cloud.ledger.onCall(({ action, dryRun, facts, afterMs }) => {
    if (action !== 'RunInstances' || dryRun) return;
    const [name = ''] = facts[`tag:${TAG.name}`] ?? [];
    const { launch } = world.workspace(name).status ?? {};
    all.push(world.scene.clock.now() - afterMs - Date.parse(launch?.submittedAt ?? ''));
  });
  return all;
}

async function crowd(world: World, count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `new-${index}`);
  await Promise.all(names.map((name) => world.createWorkspace(name, { envFrom: [] })));
  return names;
}

async function untilFirstServes(world: World, names: readonly string[]): Promise<void> {
  for (const name of names) await world.untilReady(name, 1);
  expect(world.provisions()).toHaveLength(names.length);
  expect(names.flatMap((name) => world.workspace(name).status?.history ?? [])).toEqual([]);
}

describe('EC2 says "too fast"', () => {
  for (const workers of [8, 64])
    story(
      `what is armed is sent at once; only what is not armed waits (${workers} workers)`,
      { settings: { controller: { workers } } },
      async (world) => {
        slowStatusWrites(world, 500, WRITE_MS - 500);
        const sent = ages(world);
        const names = await crowd(world, 24);
        await throttleNowAndThen(world, 6);
        await untilFirstServes(world, names);
        const turnedAway = { action: 'RunInstances', outcome: 'throttled' };
        const times = await world.leader().metric('workspace_ec2_calls_total', turnedAway);
        expect(times).toBeGreaterThanOrEqual(5);
        expect(sent.length).toBe(names.length + times);
        expect(Math.max(...sent)).toBeLessThan(WRITE_MS + SECOND / 2);
      },
    );

  story(
    'for longer than a request may be repeated: no launch is lost, and none is blamed',
    {},
    async (world) => {
      const sent = ages(world);
      const lift = world.refuse('*', 'RequestLimitExceeded');
      const names = await crowd(world, 6);
      await world.pass(75 * MINUTE);
      expect(world.calls('RunInstances')).toBeLessThan(75 * 4);
      expect(world.condition('new-0', 'Ready')?.status).toBe('False');
      lift();
      await untilFirstServes(world, names);
      expect(Math.max(...sent)).toBeLessThan(SECOND);
    },
  );
});

story('a write that takes long: its request counts as repeated, and is one provision', {}, async (world) => {
  slowStatusWrites(world, 7_000, 0);
  const names = await crowd(world, 6);
  world.refuse('new-3', 'VcpuLimitExceeded', { times: 1 });
  for (const name of names) await world.untilReady(name);
  expect(world.provisions()).toHaveLength(names.length);
});

const FOREVER = Number.POSITIVE_INFINITY;
/** Within T_vis. */
const HIDDEN_MS = 290 * SECOND;

/** A restart whose request EC2 carries out and whose answer is lost. @returns the instance that no process knows of */
async function loseAnswer(world: World): Promise<string> {
  await world.createFleet(1);
  await world.pass(2 * MINUTE);
  world.ec2({ action: 'RunInstances', fault: { kind: 'lostResponse', how: 'reset' } }, 'ws-0');
  await world.edit('ws-0', { requests: { restart: 'now' } });
  await world.until('it is launched', () => world.provisions().length === 2);
  return world.live('ws-0').at(-1) ?? '';
}

/** What was launched is found again and serves: nothing else was launched. */
async function expectFound(world: World, instance: string): Promise<void> {
  await world.untilReady('ws-0', 2);
  expect(world.live('ws-0')).toEqual([instance]);
  expect(world.provisions()).toHaveLength(2);
}

describe('EC2 carried a launch out, the answer is lost, and the request is repeated', () => {
  story(
    '"too fast" says nothing of it: a deletion waits until it is found',
    { replicas: 2 },
    async (world) => {
      await world.putSecret('ada-env', { KEY: 'a' });
      await world.createWorkspace('ada');
      await world.until('who launched it is dead', world.killAt({ call: 'runInstances', when: 'after' }));
      world.faults.hide(world.live('ada')[0] ?? '', HIDDEN_MS);
      const back = world.cut('cloud');
      await world.pass(150 * SECOND);
      await back();
      const lift = world.refuse('ada', 'RequestLimitExceeded');
      await world.pass(20 * SECOND);
      await world.remove('ada');
      await world.pass(MINUTE);
      lift();
      await world.untilGone('ada');
      expect(world.live('ada')).toEqual([]);
    },
  );

  story('credentials that expire, for sweeps as well, say nothing of it', {}, async (world) => {
    const instance = await loseAnswer(world);
    const fault = { kind: 'error', code: 'ExpiredToken' } as const;
    const lifts = [true, false].map((dryRun) => world.ec2({ action: '*', fault, dryRun, times: FOREVER }));
    await world.pass(200 * SECOND);
    for (const lift of lifts) lift();
    await expectFound(world, instance);
  });

  story('a permission that is taken away says nothing of it', {}, async (world) => {
    const instance = await loseAnswer(world);
    world.faults.hide(instance, HIDDEN_MS);
    const relent = world.refuse('ws-0', 'UnauthorizedOperation');
    await world.pass(130 * SECOND);
    relent();
    await expectFound(world, instance);
  });
});
