import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { createFleetWorld, queued, replacing, serving } from '../../../test/support/fleet/fleetWorld.ts';
import { MINUTE } from '../../../test/support/workspace/facts.ts';

const SLOT = { slot: true, room: false, contents: [] };

describe('what a write takes', () => {
  test('a write that certainly did not happen gives its place back, and the next in line is woken', () => {
    const world = createFleetWorld();
    const a = world.write('a', serving(MINUTE));
    world.write('b', queued(2 * MINUTE));
    const fleet = world.fleet();
    expect(fleet.take(a, SLOT)).toBe(false);
    world.write('b', serving(2 * MINUTE));
    expect(fleet.take(a, SLOT)).toBe(true);
    world.write('b', queued(2 * MINUTE));
    world.woken.length = 0;
    fleet.refused(a);
    expect(world.woken).toEqual(['default/b']);
  });

  test('one whose write was refused stands aside: the next goes, and it is not woken past its own backoff', () => {
    const world = createFleetWorld();
    const a = world.write('a', queued(9 * MINUTE));
    world.write('b', queued(MINUTE));
    const fleet = world.fleet();
    expect(fleet.take(a, SLOT)).toBe(true);
    fleet.refused(a);
    expect(world.woken).toEqual(['default/b']);
    const next = world.workspaces.get('default/b');
    if (!next) throw new Error('it was written');
    expect(fleet.factFor(next, [])).toMatchObject({ unavailable: 0, ahead: 0 });
    fleet.rejoin('default-a');
    expect(fleet.factFor(next, []).ahead).toBe(1);
    expect(world.woken).toEqual(['default/b', 'default/a']);
  });

  test('a write that was not answered holds its place, though a later one is refused: the first may have landed', () => {
    const world = createFleetWorld();
    const [a, c] = [world.write('a', serving(MINUTE)), world.write('c', serving(MINUTE))];
    const fleet = world.fleet();
    fleet.take(a, SLOT);
    fleet.unanswered(a, monoMs(5));
    fleet.take(a, SLOT);
    fleet.refused(a);
    expect(fleet.take(c, SLOT)).toBe(false);
    expect(fleet.doubtOf('default-a')).toEqual({ version: a.metadata.resourceVersion, at: 5 });
    fleet.notLanded('default-a');
    expect(fleet.doubtOf('default-a')).toBeUndefined();
    expect(fleet.take(c, SLOT)).toBe(true);
  });

  test('an answer to a pass that was given up frees nothing that a later pass took', () => {
    const world = createFleetWorld();
    const [a, c] = [world.write('a', serving(MINUTE)), world.write('c', serving(MINUTE))];
    const fleet = world.fleet();
    fleet.take(a, SLOT);
    fleet.take(a, SLOT);
    fleet.refused(a);
    expect(fleet.take(c, SLOT)).toBe(false);
    const newer = world.write('a', serving(MINUTE));
    expect(fleet.take(newer, SLOT)).toBe(true);
    fleet.refused(a);
    expect(fleet.take(c, SLOT)).toBe(false);
  });

  test('nothing is taken for a write on an older version than the newest: it could only be refused', () => {
    const world = createFleetWorld();
    const a = world.write('a', serving(MINUTE));
    const fleet = world.fleet();
    world.write('a', serving(MINUTE));
    expect(fleet.take(a, SLOT)).toBe(false);
  });

  test('a place is held until the store shows another version, and then what that says counts', () => {
    const world = createFleetWorld();
    const [a, c] = [world.write('a', serving(MINUTE)), world.write('c', serving(MINUTE))];
    const fleet = world.fleet();
    fleet.take(a, SLOT);
    expect(fleet.factFor(c, []).unavailable).toBe(1);
    world.write('a', replacing());
    expect(fleet.factFor(c, []).unavailable).toBe(1);
    world.write('a', serving(0));
    expect(fleet.factFor(c, []).unavailable).toBe(0);
  });
});
