import { expect } from 'vitest';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

/** All may be down at once: only that one goes first holds the others back. */
export const ALL_DOWN = {
  standard: {
    heartbeat: { periodSeconds: 60, timeoutSeconds: 180 },
    startupTimeoutSeconds: 120,
    rollout: { maxUnavailable: '100%', minIntervalSeconds: 10 },
  },
} as const;

/** One Secret, as a tool replicates it into `count` namespaces, each with a Workspace. @returns their names */
export async function replicate(world: World, count: number, value: string): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `team-${index}/ws-${index}`);
  for (const name of names) {
    await world.createNamespace(name.split('/')[0] ?? '');
    await putCopy(world, name, value);
    await world.createWorkspace(name, world.from('replicated'));
  }
  await world.untilAllReady(1);
  return names;
}

export async function putCopy(world: World, name: string, value: string): Promise<void> {
  await world.putSecret(`${name.split('/')[0]}/replicated`, { KEY: value });
}

export function another(world: World): void {
  world.leader().kill();
  world.startOperator();
}

export const halts = (world: World) => world.klass('standard').status?.halted ?? [];

/** One tries what is broken, it halts, and it stays so, though operators die in the middle. */
export async function tryBroken(world: World, count: number): Promise<void> {
  const names = await replicate(world, count, 'a');
  world.always('one at most is down', () => world.down().length <= 1 || `${world.down()} are down`);
  world.hold('*', true);
  for (const name of names) await putCopy(world, name, 'broken');
  const [first = ''] = await world.until('one is down', () => world.down().length > 0 && world.down());
  another(world);
  await world.until('it is halted', () => halts(world).length > 0, 60 * MINUTE);
  expect(halts(world)).toEqual([
    expect.objectContaining({ by: `team-${first.slice('ws-'.length)}/${first}` }),
  ]);
  another(world);
  await world.pass(10 * MINUTE);
  expect(world.down()).toEqual([first]);
  expect(world.provisions().length - world.provisions(first).length).toBe(count - 1);
}
