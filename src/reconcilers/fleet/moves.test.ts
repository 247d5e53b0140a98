import { describe, expect, test } from 'vitest';
import { createFleetWorld, serving } from '../../../test/support/fleet/fleetWorld.ts';
import { MINUTE, stamp } from '../../../test/support/workspace/facts.ts';

const MOVE = { slot: false, room: false, move: true, contents: [] };
const ROOM = { slot: false, room: true, contents: [] };

/** Serves in these classes, the last of which it is in. */
function within(...names: string[]) {
  const classes = names.map((className, index) => ({ className, from: index + 1 }));
  return serving(MINUTE, { room: { number: 1, classes } });
}

describe('the room of a class that others move into', () => {
  const at = (seconds: number) => ({ creationTimestamp: stamp(seconds * 1000) });

  test('is taken by one of several that decide at once, and given back when its write is refused', () => {
    const world = createFleetWorld({ maxInstances: 1 });
    const first = world.write('first', within('other'), at(0));
    const second = world.write('second', within('other'), at(1));
    const fleet = world.fleet();
    expect(fleet.take(second, MOVE)).toBe(false);
    expect(fleet.take(first, MOVE)).toBe(true);
    expect(fleet.take(second, MOVE)).toBe(false);
    fleet.refused(first);
    // It stands aside until its own retry, and keeps no other one waiting.
    expect(world.woken).toEqual(['default/second']);
    expect(fleet.take(second, MOVE)).toBe(true);
  });

  test('is for the oldest, be it new or on the move', () => {
    const world = createFleetWorld({ maxInstances: 1 });
    const older = world.write('older', within('other'), at(0));
    const fresh = world.write('fresh', undefined, at(1));
    const younger = world.write('younger', within('other'), at(2));
    const fleet = world.fleet();
    expect(fleet.take(fresh, ROOM)).toBe(false);
    expect(fleet.take(younger, MOVE)).toBe(false);
    expect(fleet.take(older, MOVE)).toBe(true);
  });

  test('is held by one that left while its instance may live, and the next is woken when that is gone', () => {
    const world = createFleetWorld({ maxInstances: 1 });
    world.write('left', within('standard', 'other'), at(0), 'other');
    const next = world.write('next', within('other'), at(1));
    const fleet = world.fleet();
    expect(fleet.take(next, MOVE)).toBe(false);
    world.write('left', within('other'), at(0), 'other');
    expect(world.woken).toEqual(['default/next']);
    expect(fleet.take(next, MOVE)).toBe(true);
  });
});
