import { describe, expect, test } from 'vitest';
import { conditionsOf, createFleetWorld, serving } from '../../../test/support/fleet/fleetWorld.ts';
import {
  classOf,
  desiredOf,
  envDigest,
  MINUTE,
  stamp,
  statusOf,
  waiting,
} from '../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../api/kinds/workspace.ts';

type Replacement = NonNullable<WorkspaceStatus['replacement']>;
const SLOT = { slot: true, room: false, contents: [] };
const b = envDigest('b');
const CLASS = 'class:other';

/** Was given up while it served, for this content and a class edit, and has not served since. */
function takenDown(more: Partial<Replacement> = {}, reason = 'Restarting', content = 'b'): WorkspaceStatus {
  return statusOf({
    launch: waiting(4, { generation: 2 }),
    desired: desiredOf(2, content, { machine: 'm1:own:other' }),
    conditions: conditionsOf({ Ready: ['False', reason] }),
    replacement: {
      number: 2,
      since: stamp(-5 * MINUTE),
      slot: true,
      before: { env: envDigest('a'), machine: 'm1:own:class' },
      ...more,
    },
  });
}
const failedWith = (...contents: string[]): Partial<Replacement> => ({
  failures: [3, 2].map((number) => ({ number, at: stamp(-number * MINUTE), contents })),
});

function scene() {
  const world = createFleetWorld({ rollout: { maxUnavailable: '1' } });
  const mine = world.write('mine', serving(MINUTE), { namespace: 'mine' });
  const theirs = world.write('theirs', serving(MINUTE), { namespace: 'theirs' });
  return { world, mine, theirs };
}

const REFUSED = { refusedAt: stamp(-MINUTE) };
const pinned = { instanceType: 'm6i.large' };

describe('one that was given up for a change and does not serve yet', () => {
  test.each<[string, WorkspaceStatus]>([
    ['boots', takenDown()],
    ['was refused', takenDown(REFUSED, 'QuotaExceeded')],
    ['failed twice with the class’s content', takenDown(failedWith(CLASS))],
    ['failed twice, and is stalled', takenDown(failedWith(CLASS), 'InvalidConfiguration')],
  ])('holds its slot, though it %s', (_, status) => {
    const { world, mine, theirs } = scene();
    world.write('down', status, { namespace: 'mine' });
    const fleet = world.fleet();
    for (const workspace of [mine, theirs]) {
      expect(fleet.factFor(workspace, []).unavailable).toBe(1);
      expect(fleet.take(workspace, SLOT)).toBe(false);
    }
  });

  test.each<[string, WorkspaceStatus, Record<string, unknown>]>([
    ['failed with what it alone brings', takenDown(failedWith(b)), {}],
    ['failed twice as its own changed again and again', takenDown(failedWith()), {}],
    ['asks for a type of its own that EC2 refuses', takenDown(REFUSED, 'CapacityUnavailable'), pinned],
  ])('frees its slot and halts its namespace when it %s', (_, status, spec) => {
    const { world, mine, theirs } = scene();
    world.write('down', status, { namespace: 'mine' }, 'standard', spec);
    const fleet = world.fleet();
    expect(fleet.factFor(mine, []).halt).toEqual({ scope: 'namespace', why: 'failed', behind: 'mine/down' });
    expect(fleet.take(mine, SLOT)).toBe(false);
    expect(fleet.factFor(theirs, []).halt).toBeUndefined();
    for (const content of [b, CLASS])
      expect(fleet.factFor(theirs, [content]).contents[content]?.trying).toBeUndefined();
    expect(fleet.take(theirs, SLOT)).toBe(true);
  });

  test('frees one slot for each namespace, however many of it fail', () => {
    const { world, theirs } = scene();
    for (const name of ['x', 'y', 'z'])
      world.write(name, takenDown(failedWith(b), 'Restarting', name), { namespace: 'mine' });
    expect(world.fleet().factFor(theirs, []).unavailable).toBe(2);
  });

  test('halts the class when EC2 refuses what the class offers', () => {
    const { world, mine, theirs } = scene();
    world.write('down', takenDown(REFUSED, 'QuotaExceeded'), { namespace: 'mine' });
    const fleet = world.fleet();
    for (const workspace of [mine, theirs])
      expect(fleet.factFor(workspace, []).halt).toEqual({
        scope: 'class',
        why: 'refused',
        behind: 'mine/down',
      });
  });

  test('halts the class when another of a second namespace failed with its own as well', () => {
    const { world, mine, theirs } = scene();
    const other = world.write('other', serving(MINUTE), { namespace: 'other' });
    world.write('down', takenDown(failedWith(b)), { namespace: 'mine' });
    world.write('down', takenDown(failedWith(envDigest('c')), 'Restarting', 'c'), { namespace: 'theirs' });
    const fleet = world.fleet();
    for (const workspace of [mine, theirs, other]) {
      expect(fleet.factFor(workspace, []).halt).toMatchObject({ scope: 'class', why: 'failed' });
      expect(fleet.take(workspace, SLOT)).toBe(false);
    }
  });

  test('did not fail with its own where another namespace has the same content', () => {
    const { world, mine, theirs } = scene();
    world.write('down', takenDown(failedWith(b)), { namespace: 'mine' });
    const waits = conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', 'RolloutVerifying'] });
    world.write('same', serving(MINUTE, { desired: desiredOf(2, 'b'), conditions: waits }), {
      namespace: 'theirs',
    });
    const fleet = world.fleet();
    expect(fleet.factFor(mine, []).halt).toBeUndefined();
    expect(fleet.factFor(theirs, []).unavailable).toBe(1);
    world.remove('same', 'theirs');
    expect(fleet.factFor(mine, []).halt).toMatchObject({ scope: 'namespace' });
    expect(fleet.factFor(theirs, []).unavailable).toBe(0);
  });

  test('wakes those that it halted once it serves, and none of other namespaces', () => {
    const { world } = scene();
    const waits = conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', 'RolloutHalted'] });
    const waiter = serving(MINUTE, { desired: desiredOf(2, 'c'), conditions: waits });
    world.write('x', waiter, { namespace: 'mine' });
    world.write('y', waiter, { namespace: 'theirs' });
    world.write('down', takenDown(failedWith(b)), { namespace: 'mine' });
    world.fleet();
    world.write('down', serving(0), { namespace: 'mine' });
    expect(world.woken).toEqual(['mine/x']);
  });

  test('holds up no other one while it lacks its Secret, until a second one of its namespace does', () => {
    const { world, mine, theirs } = scene();
    world.write('x', takenDown({}, 'SecretMissing'), { namespace: 'mine' });
    const fleet = world.fleet();
    expect(fleet.factFor(mine, [b, CLASS])).toMatchObject({ unavailable: 0, halt: undefined });
    expect(fleet.factFor(mine, [b]).contents[b]).toMatchObject({ trying: undefined });
    world.write('y', takenDown({}, 'SecretMissing'), { namespace: 'mine' });
    expect(fleet.factFor(mine, []).halt).toEqual({ scope: 'namespace', why: 'lacking', behind: 'mine/x' });
    expect(fleet.factFor(theirs, [])).toMatchObject({ unavailable: 0, halt: undefined });
  });

  test.each(['failed', 'was refused'])(
    'that %s before a person resumed the class holds no slot and halts nothing',
    (how) => {
      const { world, mine } = scene();
      const status = how === 'failed' ? takenDown(failedWith(b)) : takenDown(REFUSED, 'QuotaExceeded');
      world.write('down', status, { namespace: 'mine' });
      const fleet = world.fleet();
      expect(fleet.take(mine, SLOT)).toBe(false);
      const klass = classOf({ rollout: { maxUnavailable: '1' } });
      world.classes.applyWrite({
        ...klass,
        metadata: { ...klass.metadata, resourceVersion: '999' },
        status: { observedGeneration: 1, handled: { resume: 'a', resumedAt: stamp(0) } },
      });
      expect(fleet.factFor(mine, [])).toMatchObject({ unavailable: 0, halt: undefined });
      expect(fleet.take(mine, SLOT)).toBe(true);
    },
  );
});

test('as an earlier release left it: one that it gave up holds its slot, though nothing records that', () => {
  const { world, mine } = scene();
  const { replacement: _, ...older } = takenDown();
  const past = (number: number, kind: 'SecretChanged' | 'Refused', outcome: 'TimedOut' | 'Refused') => ({
    number,
    generation: 2,
    cause: { kind, ref: '2' },
    outcome,
    endedAt: stamp(-MINUTE),
  });
  world.write(
    'down',
    { ...older, history: [past(3, 'Refused', 'Refused'), past(2, 'SecretChanged', 'Refused')] },
    { namespace: 'mine' },
  );
  expect(world.fleet().factFor(mine, []).unavailable).toBe(1);
});
