import { describe, expect, test } from 'vitest';
import {
  conditionsOf,
  createFleetWorld,
  DOWN,
  queued,
  replacing,
  serving,
} from '../../../test/support/fleet/fleetWorld.ts';
import {
  desiredOf,
  envDigest,
  launchOf,
  MINUTE,
  stamp,
  statusOf,
  waiting,
} from '../../../test/support/workspace/facts.ts';
import { FINALIZER } from '../../api/base/meta.ts';
import type { WorkspaceStatus } from '../../api/kinds/workspace.ts';
import { classContent } from '../../api/launch/machine.ts';
import { roomIsLeft } from '../workspace/decide/room/limits.ts';

const SLOT = { slot: true, room: false, contents: [] };
const ROOM = { slot: false, room: true, contents: [] };
const b = envDigest('b');

const turnedAway = statusOf({
  launch: { number: 0, generation: 0, phase: 'Closed', failures: 0 },
  instance: undefined,
  conditions: conditionsOf({
    Ready: ['False', 'ClassLimitReached'],
    UpToDate: ['False', 'ClassLimitReached'],
  }),
});

describe('slots', () => {
  test('what is down counts, what is about to be as well, and one’s own place never', () => {
    const world = createFleetWorld({ rollout: { maxUnavailable: '2' } });
    const [a, b1, c] = ['a', 'b', 'c'].map((name) => world.write(name, serving(MINUTE)));
    world.write('d', replacing());
    const fleet = world.fleet();
    if (!a || !b1 || !c) throw new Error('three were written');
    expect(fleet.factFor(a, [])).toMatchObject({ counted: 4, unavailable: 1 });
    expect(fleet.take(a, SLOT)).toBe(true);
    expect(fleet.factFor(a, []).unavailable).toBe(1);
    expect(fleet.factFor(b1, []).unavailable).toBe(2);
    expect(fleet.take(b1, SLOT)).toBe(false);
    expect(fleet.take(a, SLOT)).toBe(true);
  });

  test('one whose status was wiped counts as down, and keeps its room, until EC2 has been looked through', () => {
    const world = createFleetWorld({ rollout: { maxUnavailable: '1' }, maxInstances: 2 });
    const a = world.write('a', queued(MINUTE));
    world.write('wiped', undefined, { finalizers: [FINALIZER] });
    const newcomer = world.write('new', turnedAway);
    const fleet = world.fleet();
    expect(fleet.factFor(a, [])).toMatchObject({ counted: 2, unavailable: 1 });
    expect(fleet.take(a, SLOT)).toBe(false);
    expect(fleet.take(newcomer, ROOM)).toBe(false);
    // EC2 shows none: it has to be launched like a new one.
    world.write('wiped', turnedAway, { finalizers: [FINALIZER] });
    expect(fleet.take(a, SLOT)).toBe(true);
    expect(fleet.take(newcomer, ROOM)).toBe(true);
  });

  test('the line is by the age of the launch, so that each is replaced once before any is replaced twice', () => {
    const world = createFleetWorld();
    for (const [name, age] of [
      ['new', 1],
      ['old', 9],
      ['middle', 5],
    ] as const) {
      world.write(name, queued(age * MINUTE));
    }
    world.write('down', replacing());
    const fleet = world.fleet();
    const ahead = (name: string) => {
      const workspace = world.workspaces.get(`default/${name}`);
      return workspace && fleet.factFor(workspace, []).ahead;
    };
    expect(['old', 'middle', 'new'].map(ahead)).toEqual([0, 1, 2]);
    world.write('down', serving(0));
    expect(world.woken).toEqual(['default/old']);
  });

  test.each<[string, WorkspaceStatus]>([
    [
      'waits for a person',
      serving(0, {
        conditions: conditionsOf({ Ready: ['False', 'SecretMissing'], Stalled: ['True', 'SecretMissing'] }),
      }),
    ],
    ['never had an instance', { ...turnedAway }],
    [
      'fails again and again',
      statusOf({ launch: launchOf({ failures: 2, readyAt: undefined }), conditions: DOWN }),
    ],
    [
      'was refused by EC2',
      statusOf({
        launch: launchOf({ ended: { outcome: 'Refused', refusal: 'quota', at: stamp(0) } }),
        conditions: DOWN,
      }),
    ],
  ])('a Workspace that %s keeps no other from an update', (_, status) => {
    const world = createFleetWorld();
    const a = world.write('a', serving(MINUTE));
    world.write('broken', status);
    expect(world.fleet().factFor(a, [])).toMatchObject({ counted: 1, unavailable: 0 });
  });

  test('what a process knows it has from the objects: another one that starts now knows as much', () => {
    const world = createFleetWorld();
    const a = world.write('a', serving(MINUTE));
    const fleet = world.fleet();
    world.write('b', replacing());
    world.write('c', queued(MINUTE));
    world.write('d', serving(MINUTE));
    world.remove('d');
    expect(world.fleet().factFor(a, [])).toEqual(fleet.factFor(a, []));
  });
});

describe('content', () => {
  const names = [b, 'class:class'];

  test('is proven by one that is Ready with it, and tried by one that was replaced for it', () => {
    const world = createFleetWorld({ rollout: { maxUnavailable: '5' } });
    const a = world.write('a', serving(MINUTE));
    const fleet = world.fleet();
    expect(fleet.factFor(a, names).contents[b]).toEqual({ proven: false, trying: undefined, failing: 0 });
    world.write('first', replacing());
    expect(fleet.factFor(a, names).contents[b]).toMatchObject({ proven: false, trying: 'default/first' });
    const held = { id: 'i-1', state: 'running', env: b };
    world.write('first', serving(0, { desired: desiredOf(1, 'b'), instance: held }));
    expect(fleet.factFor(a, names).contents[b]).toMatchObject({ proven: true, trying: undefined });
  });

  test('is tried by one only, though others decide at the same time', () => {
    const world = createFleetWorld({ rollout: { maxUnavailable: '5' } });
    const [a, c] = [world.write('a', serving(MINUTE)), world.write('c', serving(MINUTE))];
    const fleet = world.fleet();
    expect(fleet.take(a, { ...SLOT, contents: [b] })).toBe(true);
    expect(fleet.take(c, { ...SLOT, contents: [b] })).toBe(false);
    expect(fleet.take(c, { ...SLOT, contents: ['k1:other'] })).toBe(true);
  });

  test('of a first launch or of a repair holds up no other one', () => {
    const world = createFleetWorld({ rollout: { maxUnavailable: '5' } });
    const a = world.write('a', serving(MINUTE));
    const created = waiting(1, { cause: { kind: 'Created', ref: '2' }, generation: 2 });
    world.write('new', statusOf({ launch: created, desired: desiredOf(2, 'b'), conditions: DOWN }));
    expect(world.fleet().factFor(a, names).contents[b]).toMatchObject({ trying: undefined });
  });

  test('that two launches of a replacement never became Ready with has failed, and is tried no more', () => {
    const world = createFleetWorld({ rollout: { maxUnavailable: '5' } });
    const a = world.write('a', serving(MINUTE));
    const past = (number: number, kind: 'SecretChanged' | 'TimedOut', more = {}) => ({
      number,
      generation: 2,
      cause: { kind, ref: String(number) },
      outcome: 'TimedOut' as const,
      endedAt: stamp(-MINUTE),
      ...more,
    });
    const status = (history: ReturnType<typeof past>[]) =>
      statusOf({
        desired: desiredOf(2, 'b'),
        launch: waiting(4, { cause: { kind: 'TimedOut', ref: '3' }, generation: 2, failures: 2 }),
        conditions: DOWN,
        history,
      });
    const fleet = world.fleet();
    world.write('first', status([past(2, 'SecretChanged')]));
    expect(fleet.factFor(a, names).contents[b]).toMatchObject({ failing: 0, trying: 'default/first' });
    world.write('first', status([past(3, 'TimedOut'), past(2, 'SecretChanged')]));
    expect(fleet.factFor(a, names).contents[b]).toMatchObject({ failing: 1, trying: undefined });
    world.write(
      'first',
      status([past(3, 'TimedOut', { readyAt: stamp(-MINUTE) }), past(2, 'SecretChanged')]),
    );
    expect(fleet.factFor(a, names).contents[b]).toMatchObject({ failing: 0 });
  });

  test('once proven, or given up, wakes all who waited for it, once', () => {
    const verifying = serving(MINUTE, {
      desired: desiredOf(2, 'b'),
      conditions: conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', 'RolloutVerifying'] }),
    });
    for (const how of ['proven', 'given up']) {
      const world = createFleetWorld({ rollout: { maxUnavailable: '5' } });
      world.write('first', replacing());
      world.write('x', verifying);
      world.write('y', verifying);
      world.fleet();
      const held = { id: 'i-1', state: 'running', env: b };
      const proven = serving(0, { desired: desiredOf(1, 'b'), instance: held });
      if (how === 'proven') world.write('first', proven);
      else world.remove('first');
      expect(world.woken.sort()).toEqual(['default/x', 'default/y']);
      if (how === 'proven') world.write('first', proven);
      expect(world.woken).toHaveLength(2);
    }
  });

  test('of a class is named by what its Workspaces share', () => {
    expect(classContent('m1:one:class')).toBe(classContent('m1:two:class'));
  });
});

describe('room', () => {
  const at = (seconds: number) => ({ creationTimestamp: stamp(seconds * 1000) });

  test('goes to the oldest that would launch, and later ones wait for it', () => {
    const world = createFleetWorld({ maxInstances: 2 });
    world.write('has', serving(MINUTE), at(0));
    const second = world.write('second', turnedAway, at(1));
    const third = world.write('third', undefined, at(2));
    const fleet = world.fleet();
    const { spec } = world.classes.get('standard') ?? {};
    if (!spec) throw new Error('the class is there');
    expect(roomIsLeft(fleet.factFor(third, []), spec)).toBe(false);
    expect(roomIsLeft(fleet.factFor(second, []), spec)).toBe(true);
    expect(fleet.take(third, ROOM)).toBe(false);
    expect(fleet.take(second, ROOM)).toBe(true);
  });

  test('is not kept for one whose namespace is full', () => {
    const world = createFleetWorld({ maxInstances: 3, maxInstancesPerNamespace: 1 });
    world.write('has', serving(MINUTE), { ...at(0), namespace: 'full' });
    world.write('older', turnedAway, { ...at(1), namespace: 'full' });
    const mine = world.write('mine', turnedAway, { ...at(2), namespace: 'free' });
    const fleet = world.fleet();
    expect(fleet.factFor(mine, []).room).toEqual({
      taken: 1,
      ahead: 0,
      takenInNamespace: 0,
      aheadInNamespace: 0,
    });
    expect(fleet.take(mine, ROOM)).toBe(true);
  });

  test('that becomes free wakes the oldest that was turned away and fits', () => {
    const world = createFleetWorld({ maxInstances: 2, maxInstancesPerNamespace: 1 });
    world.write('one', serving(MINUTE), { ...at(0), namespace: 'x' });
    world.write('two', serving(MINUTE), { ...at(0), namespace: 'y' });
    world.write('older', turnedAway, { ...at(1), namespace: 'x' });
    world.write('newer', turnedAway, { ...at(2), namespace: 'y' });
    world.fleet();
    world.remove('two', 'y');
    expect(world.woken).toEqual(['y/newer']);
  });
});
