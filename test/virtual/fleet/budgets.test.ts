import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { HOUR, MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const ONE_DOWN = { standard: { rollout: { maxUnavailable: '1' } } };

/** Eight Workspaces, each with a Secret of its own. */
async function createEight(world: World): Promise<readonly string[]> {
  for (let index = 0; index < 8; index += 1) await world.putSecret(`ws-${index}-env`, { OWN: `a${index}` });
  return world.createFleet(8, (name) => world.from(`${name}-env`));
}

async function rotateAll(world: World, names: readonly string[], OWN = 'b'): Promise<void> {
  for (const name of names) await world.putSecret(`${name}-env`, { OWN: `${OWN} of ${name}` });
}

/** The law of the budget, and that the class calls none of it complete. */
function holdTo(world: World, most: number): void {
  world.always(`at most ${most} are down`, () => world.down().length <= most || `${world.down()} are down`);
  world.always('the class does not call it complete while any is down', () => {
    const complete = world.classCondition('standard', 'RolloutComplete');
    if (world.down().length === 0 || complete?.status !== 'True') return true;
    // The class's status follows a moment later.
    return (
      world.now() - Date.parse(complete.lastTransitionTime) < MINUTE ||
      !/0 of 0/.test(complete.message) ||
      complete.message
    );
  });
}

describe('of eight Workspaces, whose own Secrets are all rotated, one at most may be down', () => {
  story('no launch is within the vCPU quota', ONE_DOWN, async (world) => {
    const names = await createEight(world);
    holdTo(world, 1);
    world.quota({ vcpus: 0 });
    await rotateAll(world, names);
    await world.pass(30 * MINUTE);
    expect(world.down()).toHaveLength(1);
    expect(world.classCondition('standard', 'RolloutComplete')).toMatchObject({
      status: 'False',
      reason: 'RolloutHalted',
    });
    world.quota({ vcpus: 5_000 });
    await world.untilAllReady();
    await world.until(
      'it is complete',
      () => world.classCondition('standard', 'RolloutComplete')?.status === 'True',
    );
    expect(world.classCondition('standard', 'RolloutComplete')?.message).toContain('8 of 8');
  });

  story('EC2 has no capacity, and the API server takes up to 1.5 s', ONE_DOWN, async (world) => {
    const names = await createEight(world);
    holdTo(world, 1);
    world.apiServer({ effect: { kind: 'latency', ms: 0, jitterMs: 1_500 } });
    const relent = world.refuse('*', 'InsufficientInstanceCapacity');
    await rotateAll(world, names);
    await world.pass(40 * MINUTE);
    expect(world.classCondition('standard', 'RolloutComplete')?.reason).toBe('RolloutHalted');
    relent();
    await world.untilAllReady();
  });

  story('no new instance heartbeats', ONE_DOWN, async (world) => {
    const names = await createEight(world);
    holdTo(world, 2);
    world.hold('*', true);
    await rotateAll(world, names);
    await world.pass(2 * HOUR);
    expect(world.down().length).toBeLessThanOrEqual(1);
    expect(world.classCondition('standard', 'RolloutComplete')?.status).toBe('False');
  });
});
