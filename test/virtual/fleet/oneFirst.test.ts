import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

/** Six may be down at once: only that one goes first holds the others back. */
const ALL_DOWN = { standard: { rollout: { maxUnavailable: '6', minIntervalSeconds: 10 } } };

async function createSix(world: World): Promise<readonly string[]> {
  const names = await world.createFleet(6);
  world.always('one at most is down', () => world.down().length <= 1 || `${world.down()} are down`);
  return names;
}

/** A class edit, with which no instance boots. */
async function breakClass(world: World): Promise<void> {
  world.hold('*', true);
  await world.editClass('standard', { rootVolume: { sizeGiB: 40 } });
}

const halts = (world: World) => world.klass('standard').status?.halted ?? [];
const waits = (world: World) => world.classCondition('standard', 'RolloutComplete')?.reason;

async function untilHalted(world: World): Promise<void> {
  await world.until('the class is halted', () => halts(world).length > 0, 90 * MINUTE);
}

/** The class is named, and no Secret. */
function expectClassBlamed(world: World): void {
  expect(halts(world).map(({ content }) => content)).toEqual([expect.stringMatching(/^class:/)]);
  expect(halts(world)[0]?.message).toContain('ClassChanged');
  expect(waits(world)).toBe('RolloutHalted');
}

describe('one first, and halted, hold though another change comes during the first boot', () => {
  story(
    'a class edit that can’t boot, and the Secret that all share rotated every 100 s',
    ALL_DOWN,
    async (world) => {
      await createSix(world);
      await breakClass(world);
      for (let round = 0; round < 36; round += 1) {
        await world.pass(100 * SECOND);
        await world.putSecret('shared-env', { KEY: `round ${round}` });
      }
      await untilHalted(world);
      expectClassBlamed(world);
      expect(world.terminations().length).toBeGreaterThanOrEqual(2);
    },
  );

  story('a class edit that can’t boot, and one rotation three minutes later', ALL_DOWN, async (world) => {
    await createSix(world);
    await breakClass(world);
    await world.pass(3 * MINUTE);
    await world.putSecret('shared-env', { KEY: 'b' });
    await untilHalted(world);
    expectClassBlamed(world);
    await world.pass(20 * MINUTE);
    expectClassBlamed(world);
  });

  story(
    'a class edit that can’t boot, and the first edits its own instance type',
    ALL_DOWN,
    async (world) => {
      await createSix(world);
      await breakClass(world);
      const [first = ''] = await world.until('one is down', () => world.down().length > 0 && world.down());
      await world.pass(MINUTE);
      await world.edit(first, { instanceType: 'm6i.large' });
      await untilHalted(world);
      expectClassBlamed(world);
    },
  );

  story('another operator leads in the middle of all that', ALL_DOWN, async (world) => {
    await createSix(world);
    await breakClass(world);
    await world.pass(5 * MINUTE);
    await world.putSecret('shared-env', { KEY: 'b' });
    world.leader().kill();
    world.startOperator();
    await untilHalted(world);
    world.leader().kill();
    world.startOperator();
    await world.pass(20 * MINUTE);
    expectClassBlamed(world);
  });

  story(
    'a Secret with which nothing boots, rotated again three minutes later: the Secret is blamed',
    ALL_DOWN,
    async (world) => {
      await createSix(world);
      world.hold('*', true);
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('one is down', () => world.down().length > 0);
      await world.pass(3 * MINUTE);
      await world.putSecret('shared-env', { KEY: 'c' });
      await untilHalted(world);
      expect(halts(world).map(({ content }) => content)).not.toEqual([expect.stringMatching(/^class:/)]);
      expect(halts(world)[0]?.message).toContain('SecretChanged');
    },
  );
});
