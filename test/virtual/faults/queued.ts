import { expect } from 'vitest';
import { MINUTE } from '../driver/time.ts';
import type { World, WorldOptions } from '../driver/world.ts';

/** A world with a queue of EC2's events, and what stories about it ask. */
const QUEUE = { aws: { eventsQueueUrl: 'https://sqs.eu-sim-1.amazonaws.com/123456789012/workspace-events' } };
export const queued: WorldOptions = { settings: QUEUE };

export async function rested(world: World, count = 1): Promise<readonly string[]> {
  const names = await world.createFleet(count);
  await world.pass(3 * MINUTE);
  expect(await rests(world), 'sweeps rest').toBe(1);
  return names;
}

export const rests = (world: World) => world.leader().metric('workspace_ec2_sweeps_resting');
export const distrust = (world: World) =>
  world
    .events('workspace-operator')
    .filter(({ reason }) => reason === 'EventsDistrusted')
    .map(({ note }) => note)
    .join('\n');
export const reads = (world: World) => world.calls('DescribeInstances');

export async function readsIn(world: World, ms: number): Promise<number> {
  const before = reads(world);
  await world.pass(ms);
  return reads(world) - before;
}

export const instanceOf = (world: World, name: string): string => {
  const [id] = world.live(name);
  if (!id) throw new Error(`${name} has no instance`);
  return id;
};

const isKnown = (world: World, name: string, id: string) => {
  const { launch, terminating, instance } = world.workspace(name).status ?? {};
  return launch?.ended || terminating?.some((it) => it.instanceID === id) || instance?.id !== id;
};

export async function knownAfter(world: World, name: string, id: string): Promise<number> {
  const begun = world.now();
  await world.until(`the end of ${id} is known`, () => isKnown(world, name, id));
  return world.now() - begun;
}
