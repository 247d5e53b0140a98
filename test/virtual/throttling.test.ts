import { describe, expect } from 'vitest';
import { TAG } from '../../src/api/launch/tags.ts';
import { story } from './story.ts';
import { MINUTE, SECOND } from './time.ts';
import type { World } from './world.ts';

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
        expect(sent.length).toBe(names.length + 6);
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
