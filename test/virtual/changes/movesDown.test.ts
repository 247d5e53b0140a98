import { describe, expect } from 'vitest';
import { createClass } from '../driver/classes.ts';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World, WorldOptions } from '../driver/world.ts';

const ONE: WorldOptions = {
  standard: { rollout: { maxUnavailable: '1', minIntervalSeconds: 10 }, instanceProfile: 'standard' },
};

/** Three in `standard` and two in `other`, and one of the three was given up for an edit of its class and does not boot. */
async function oneDown(world: World): Promise<{ down: string; others: readonly string[] }> {
  await createClass(world, 'other');
  await world.editClass('other', { rollout: { maxUnavailable: '1' } });
  const names = await world.createFleet(5, (name) =>
    name === 'ws-3' || name === 'ws-4' ? { className: 'other' } : {},
  );
  await world.pass(MINUTE);
  for (const name of names) world.hold(name, true);
  await world.editClass('standard', { rootVolume: { sizeGiB: 31 } });
  const down = await world.until('one is given up', () => world.down()[0]);
  await world.until('it boots', () => world.provisions(down).length === 2);
  const others = names.filter((name) => name !== down);
  for (const name of others) world.hold(name, false);
  return { down, others };
}

const haltsNothing = (world: World, className: string) =>
  world.always(`nothing halts ${className}`, () => {
    const { reason, message } = world.classCondition(className, 'RolloutComplete') ?? {};
    return (reason !== 'RolloutHalted' && !world.klass(className).status?.halted?.length) || `${message}`;
  });

describe('spec.className is edited of one that was given up for a change', () => {
  story('the class that gave it up gives up no other until it serves', ONE, async (world) => {
    const { down, others } = await oneDown(world);
    world.always('one is down', () => world.down().length <= 1 || `${world.down()} are down`);
    await world.edit(down, { className: 'other' });
    await world.until('it boots there', () => world.provisions(down).length === 3);
    await world.pass(5 * MINUTE);
    expect(world.down()).toEqual([down]);
    world.hold(down, false);
    for (const name of [down, ...others]) await world.untilReady(name);
    expect(world.provisions()).toHaveLength(5 + 2 + 2);
  });

  story('what keeps it down there frees that slot', ONE, async (world) => {
    const { down, others } = await oneDown(world);
    await world.edit(down, { className: 'other' });
    world.refuse(down, 'InvalidParameterValue');
    for (const name of others) await world.untilReady(name);
    expect(world.down()).toEqual([down]);
  });

  story(
    'what failed and was refused before says nothing of the class that it moves to',
    ONE,
    async (world) => {
      haltsNothing(world, 'other');
      const { down } = await oneDown(world);
      await world.until(
        'it failed twice',
        () => world.workspace(down).status?.replacement?.failures?.length === 2,
        120 * MINUTE,
      );
      await world.edit(down, { className: 'other' });
      world.refuse(down, 'InvalidParameterValue');
      await world.until(
        'it is refused there',
        () => world.condition(down, 'Ready')?.reason === 'InvalidConfiguration',
      );
      await world.editClass('other', { rootVolume: { sizeGiB: 32 } });
      for (const name of ['ws-3', 'ws-4']) await world.untilReady(name, 2);
      expect(world.down()).toEqual([down]);
    },
  );
});
