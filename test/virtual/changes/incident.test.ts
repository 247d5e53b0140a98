import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

async function untilPending(world: World, launch: number): Promise<void> {
  await world.until(`launch ${launch} is pending`, () => {
    const { status } = world.workspace('ada');
    return status?.launch?.number === launch && status.instance?.state === 'pending';
  });
}

async function reportFor(world: World, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 10 * SECOND) {
    await world.report('ada');
    await world.pass(10 * SECOND);
  }
}

describe('pending is progressing', () => {
  story('pending for ten minutes, with reports all the while, is not replaced', {}, async (world) => {
    world.faults.freezePending(true);
    await world.putSecret('ada-env', { KEY: 'a' });
    await world.createWorkspace('ada');
    await untilPending(world, 1);
    await reportFor(world, 10 * MINUTE);
    world.faults.freezePending(false);
    await world.untilReady('ada', 1);
    expect(world.provisions()).toHaveLength(1);
    expect(world.terminations()).toEqual([]);
  });

  story(
    'the successor for a secret that was saved is not replaced either: one change, one provision',
    {},
    async (world) => {
      await world.putSecret('ada-env', { KEY: 'a' });
      await world.createWorkspace('ada');
      await world.untilReady('ada', 1);
      await world.pass(2 * MINUTE);
      world.faults.freezePending(true);
      await world.putSecret('ada-env', { KEY: 'b' });
      await untilPending(world, 2);
      await reportFor(world, 10 * MINUTE);
      world.faults.freezePending(false);
      await world.untilReady('ada', 2);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(2);
      expect(world.terminations()).toHaveLength(1);
    },
  );
});
