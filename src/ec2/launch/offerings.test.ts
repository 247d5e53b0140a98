import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type AskedFor, covers } from '../../api/launch/refusalScope.ts';
import { plus } from '../../controller/lib/time.ts';
import { createOfferingMemory, type RecordedRefusal } from './offerings.ts';

const SPOT: AskedFor = { instanceType: 'm7i.large', zone: 'a', subnetID: 'subnet-1', capacityType: 'Spot' };
const NO_CAPACITY = { class: 'capacity', code: 'InsufficientInstanceCapacity' } as const;
const SPOT_FULL = { class: 'quota', code: 'MaxSpotInstanceCountExceeded' } as const;
const [SECOND, MINUTE] = [1_000, 60_000];

function setUp() {
  const clock = createVirtualClock({ monotonic: 5_000 });
  const memory = createOfferingMemory({ clock });
  /** How long an offering is not asked for, ms; by who has nothing to lose, and by others. */
  function left(asked: AskedFor = SPOT, uid = 'uid-1'): [number, number] {
    const marks = memory.snapshot(uid).filter(({ scope }) => covers(scope, asked));
    const now = clock.monotonic();
    const ms = (field: 'until' | 'heldUntil') =>
      Math.max(0, ...marks.map((mark) => Number(mark[field]) - now));
    return [ms('until'), ms('heldUntil')];
  }
  const refuse = (failure: typeof NO_CAPACITY | typeof SPOT_FULL, asked = SPOT) =>
    memory.refused(asked, failure, clock.monotonic());
  return { clock, memory, left, refuse };
}

describe('what EC2 refused', () => {
  test('for lack of capacity is not asked for three minutes; its neighbours are', async () => {
    const { clock, left, refuse } = setUp();
    refuse(NO_CAPACITY);
    expect(left()).toEqual([3 * MINUTE, 6 * MINUTE]);
    const neighbours = [{ zone: 'b' }, { capacityType: 'OnDemand' as const }, { instanceType: 'm7a.large' }];
    for (const other of neighbours) expect(left({ ...SPOT, ...other })).toEqual([0, 0]);
    await clock.advance(3 * MINUTE);
    expect(left()).toEqual([0, 3 * MINUTE]);
    await clock.advance(3 * MINUTE);
    expect(left()).toEqual([0, 0]);
  });

  test('for a quota is asked again soon, then at growing intervals up to a quarter of an hour', async () => {
    const { clock, left, refuse } = setUp();
    const intervals: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      refuse(SPOT_FULL);
      intervals.push(left()[0] / SECOND);
      await clock.advance(left()[0]);
    }
    expect(intervals).toEqual([30, 60, 120, 240, 480, 900, 900]);
    await clock.advance(15 * MINUTE);
    refuse(SPOT_FULL);
    // No one asked for as long again, so the old refusal says little.
    expect(left()[0]).toBe(30 * SECOND);
  });

  test('by several answers to launches that were sent together is one refusal', async () => {
    const { clock, left, memory, refuse } = setUp();
    refuse(SPOT_FULL);
    await clock.advance(30 * SECOND);
    const sentAt = clock.monotonic();
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(10);
      memory.refused({ ...SPOT, zone: `z${count}` }, SPOT_FULL, sentAt);
    }
    expect(left()[0]).toBe(MINUTE - 40);
  });

  test('is over as soon as EC2 accepts what it would cover, and for nothing less', async () => {
    const { clock, left, memory, refuse } = setUp();
    const before = clock.monotonic();
    await clock.advance(1);
    refuse(SPOT_FULL, { ...SPOT, instanceType: 'm7i.xlarge' });
    await clock.advance(1);
    const large = { ...SPOT, instanceType: 'm7i.2xlarge' };
    memory.accepted(SPOT, clock.monotonic());
    memory.accepted({ ...large, capacityType: 'OnDemand' }, clock.monotonic());
    memory.accepted(large, before);
    expect(left(large)[0]).toBeGreaterThan(0);
    memory.accepted(large, clock.monotonic());
    expect(left(large)).toEqual([0, 0]);
  });

  test('that EC2 accepts again wakes the Workspaces that wait for it, once', async () => {
    const { clock } = setUp();
    const woken: string[] = [];
    const memory = createOfferingMemory({ clock, wake: (key) => void woken.push(key) });
    memory.refused(SPOT, SPOT_FULL, clock.monotonic());
    for (const key of ['team/a', 'team/b', 'team/c']) memory.waits(key, true);
    memory.waits('team/b', false);
    await clock.advance(1);
    memory.accepted({ ...SPOT, capacityType: 'OnDemand' }, clock.monotonic());
    expect(woken).toEqual([]);
    for (let count = 0; count < 2; count += 1) memory.accepted(SPOT, clock.monotonic());
    expect(woken).toEqual(['team/a', 'team/c']);
  });

  test('that is about one request is nothing to others', () => {
    const { clock, memory } = setUp();
    memory.refused(SPOT, { class: 'userFix', code: 'InvalidParameterValue' }, clock.monotonic());
    expect(memory.snapshot('uid-1')).toEqual([]);
  });
});

describe('once its time is over', () => {
  test('one finds out, and all others wait for the answer, for a quarter of a minute at most', async () => {
    const { clock, left, memory, refuse } = setUp();
    refuse(SPOT_FULL);
    await clock.advance(30 * SECOND);
    expect(memory.mayTry('uid-1', SPOT)).toBe(true);
    expect(memory.mayTry('uid-1', SPOT)).toBe(true);
    expect(memory.mayTry('uid-2', { ...SPOT, zone: 'b' })).toBe(false);
    expect(memory.mayTry('uid-2', { ...SPOT, capacityType: 'OnDemand' })).toBe(true);
    expect(left(SPOT, 'uid-1')[0]).toBe(0);
    expect(left(SPOT, 'uid-2')[0]).toBe(15 * SECOND);
    await clock.advance(15 * SECOND);
    expect(memory.mayTry('uid-2', SPOT)).toBe(true);
  });

  test('an offering without a refusal is open to all at once', () => {
    const { memory } = setUp();
    for (const uid of ['uid-1', 'uid-2', 'uid-3']) expect(memory.mayTry(uid, SPOT)).toBe(true);
  });
});

describe('a refusal on record', () => {
  function recordAt({ clock }: ReturnType<typeof setUp>, fromMs: number, toMs: number): RecordedRefusal {
    const now = clock.now();
    return { ...SPOT_FULL, ...SPOT, at: plus(now, fromMs), until: plus(now, toMs) };
  }

  test.each([
    ['that holds', -MINUTE, 3 * MINUTE, [3 * MINUTE, 7 * MINUTE]],
    ['whose time is over', -3 * MINUTE, -MINUTE, [0, MINUTE]],
    ['that is long over', -30 * MINUTE, -15 * MINUTE, [0, 0]],
    ['of a clock that was ahead', 6 * 60 * MINUTE, 6 * 60 * MINUTE + MINUTE, [MINUTE, 2 * MINUTE]],
    ['with a time that no process writes', 0, 48 * 60 * MINUTE, [15 * MINUTE, 30 * MINUTE]],
    ['that is no time', 0, Number.NaN, [0, 0]],
  ])('%s', (_what, from, to, expected) => {
    const scene = setUp();
    scene.memory.recorded(recordAt(scene, from, to));
    expect(scene.left()).toEqual(expected);
  });

  test('goes on growing from where it was', async () => {
    const scene = setUp();
    scene.memory.recorded(recordAt(scene, -4 * MINUTE, 0));
    await scene.clock.advance(SECOND);
    scene.refuse(SPOT_FULL);
    expect(scene.left()[0]).toBe(8 * MINUTE);
  });

  test('of a clock that was ahead hides none that is made once it is right again', async () => {
    const scene = setUp();
    const ahead = recordAt(scene, 6 * 60 * MINUTE, 6 * 60 * MINUTE + MINUTE);
    scene.memory.recorded(ahead);
    await scene.clock.advance(5 * MINUTE);
    const made = recordAt(scene, -SECOND, MINUTE);
    scene.memory.recorded(made);
    expect(scene.left()[0]).toBe(MINUTE);
    await scene.clock.advance(5 * MINUTE);
    for (const known of [ahead, made]) scene.memory.recorded(known);
    expect(scene.left()).toEqual([0, 0]);
  });

  test('is taken up also where the clock was set back since the one before', async () => {
    const scene = setUp();
    scene.memory.recorded(recordAt(scene, 0, MINUTE));
    await scene.clock.advance(5 * MINUTE);
    scene.clock.jumpWall(-6 * 60 * MINUTE);
    scene.memory.recorded(recordAt(scene, -SECOND, MINUTE));
    expect(scene.left()[0]).toBe(MINUTE);
  });

  test('comes back with each event of its object, and not once EC2 has accepted since', async () => {
    const scene = setUp();
    const record = recordAt(scene, -MINUTE, 3 * MINUTE);
    scene.memory.recorded(record);
    await scene.clock.advance(SECOND);
    scene.memory.accepted(SPOT, scene.clock.monotonic());
    scene.memory.recorded(record);
    expect(scene.left()).toEqual([0, 0]);
  });
});
