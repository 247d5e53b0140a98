import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LooseCalls, plain } from '../../../test/support/base/moments.ts';
import { instance } from '../../../test/support/cloud/ec2.ts';
import type { Instance, InstanceState } from '../calls/port.ts';
import { createInventory, type Inventory } from './inventory.ts';

const NONE_ELSEWHERE = new Set<string>();
const GAP = 50;
const uid = 'uid-of-i-1';

function setUp(followed: Record<string, string[]> = {}) {
  return createInventory((id) => followed[id] ?? [], GAP) as LooseCalls<Inventory>;
}

describe('a reading', () => {
  it('begun earlier never replaces one begun later, in any order of arrival', () => {
    const inventory = setUp();
    inventory.applyLookup(['i-1'], [instance('i-1', { state: 'running' })], 20);
    const changed = inventory.applySweep([instance('i-1', { state: 'pending' })], 10, NONE_ELSEWHERE);
    expect(inventory.get('i-1')).toMatchObject({ state: 'running', missing: false });
    expect(changed.size).toBe(0);
  });

  it.each<[InstanceState, InstanceState]>([
    ['shutting-down', 'running'],
    ['terminated', 'shutting-down'],
    ['terminated', 'pending'],
  ])('never takes an instance back from %s to %s', (ending, later) => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1', { state: ending })], 10, NONE_ELSEWHERE);
    const changed = inventory.applySweep([instance('i-1', { state: later })], 20, NONE_ELSEWHERE);
    expect(inventory.get('i-1')).toMatchObject({ state: ending });
    expect(changed.size).toBe(0);
  });

  it('may stop and start an instance', () => {
    const inventory = setUp();
    for (const [at, state] of (['running', 'stopping', 'stopped', 'pending', 'running'] as const).entries()) {
      inventory.applySweep([instance('i-1', { state })], at, NONE_ELSEWHERE);
      expect(inventory.get('i-1')?.state).toBe(state);
    }
  });

  it('names the Workspace of a change, and none for a mere repetition', () => {
    const inventory = setUp();
    expect([...inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE)]).toEqual([uid]);
    expect([...inventory.applySweep([instance('i-1')], 20, NONE_ELSEWHERE)]).toEqual([]);
    expect([
      ...inventory.applySweep([instance('i-1', { privateIP: '10.0.0.1' })], 30, NONE_ELSEWHERE),
    ]).toEqual([uid]);
  });

  it.each<Partial<Instance>>([
    { type: 'm7i.xlarge' },
    { zone: 'b' },
    { imageID: 'ami-2' },
    { capacityType: 'Spot' },
    { subnetID: 'subnet-2' },
    { securityGroupIDs: ['sg-1'] },
    { securityGroupIDs: ['sg-1', 'sg-3'] },
    { instanceProfile: 'other' },
    { clientToken: 'other' },
    { launchTime: '2026-01-01T00:00:00.000Z' },
    { stateReasonCode: 'Server.SpotInstanceTermination' },
    { stateReason: 'other' },
  ])('names the Workspace of each fact that changes: %o', (change) => {
    const inventory = setUp();
    const whole = { imageID: 'ami-1', securityGroupIDs: ['sg-1', 'sg-2'], instanceProfile: 'agent' };
    inventory.applySweep([instance('i-1', whole)], 10, NONE_ELSEWHERE);
    const reordered = { ...whole, securityGroupIDs: ['sg-2', 'sg-1'] };
    expect([...inventory.applySweep([instance('i-1', reordered)], 20, NONE_ELSEWHERE)]).toEqual([]);
    expect([...inventory.applySweep([instance('i-1', { ...whole, ...change })], 30, NONE_ELSEWHERE)]).toEqual(
      [uid],
    );
  });

  it('follows the tags: the instance moves from one Workspace to the other, and both are notified', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    const changed = inventory.applySweep(
      [instance('i-1', { tags: { 'compute.molecule.ai/uid': 'other' } })],
      20,
      NONE_ELSEWHERE,
    );
    expect([...changed].sort()).toEqual(['other', uid]);
    expect(inventory.ofWorkspace(uid)).toEqual([]);
    expect(inventory.ofWorkspace('other').map(({ id }) => id)).toEqual(['i-1']);
  });
});

describe('absence', () => {
  it('from a sweep keeps the instance, as missing, until it is seen again', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    expect([...inventory.applySweep([], 20, NONE_ELSEWHERE)]).toEqual([uid]);
    expect(inventory.get('i-1')).toMatchObject({ state: 'running', missing: true });
    expect([...inventory.applySweep([], 30, NONE_ELSEWHERE)]).toEqual([]);
    expect([...inventory.applySweep([instance('i-1')], 40, NONE_ELSEWHERE)]).toEqual([uid]);
    expect(inventory.get('i-1')?.missing).toBe(false);
    expect(inventory.notFound('i-1')).toBeUndefined();
  });

  it('from a sweep begun before the instance was noted says nothing', () => {
    const inventory = setUp();
    inventory.note(instance('i-1', { state: 'pending' }), 15);
    inventory.applySweep([], 10, NONE_ELSEWHERE);
    expect(inventory.get('i-1')?.missing).toBe(false);
    inventory.applySweep([], 20, NONE_ELSEWHERE);
    expect(inventory.get('i-1')?.missing).toBe(true);
  });

  it('from a sweep says nothing of one that is judged by its look-ups', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    inventory.applySweep([], 20, new Set(['i-1']));
    expect(inventory.get('i-1')?.missing).toBe(false);
  });

  it('is not undone by an older sighting', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    inventory.applySweep([], 30, NONE_ELSEWHERE);
    inventory.applyLookup(['i-1'], [instance('i-1')], 20);
    expect(inventory.get('i-1')?.missing).toBe(true);
  });

  it('from look-ups is dated from the first to the last, and announced once', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    expect([...inventory.applyLookup(['i-1'], [], 20)]).toEqual([uid]);
    expect([...inventory.applyLookup(['i-1'], [], 30)]).toEqual([]);
    expect(inventory.get('i-1')).toMatchObject({ missing: true, notFound: { firstAt: 20, lastAt: 30 } });
    expect(inventory.notFound('i-1')).toEqual({ firstAt: 20, lastAt: 30 });
  });

  it('from look-ups starts again after any sighting in between', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    inventory.applyLookup(['i-1'], [], 20);
    expect([...inventory.applySweep([instance('i-1')], 25, NONE_ELSEWHERE)]).toEqual([uid]);
    expect(inventory.get('i-1')).not.toHaveProperty('notFound');
    inventory.applyLookup(['i-1'], [], 40);
    expect(inventory.notFound('i-1')).toEqual({ firstAt: 40, lastAt: 40 });
  });

  it('from look-ups starts again after a time without look-ups: it may have been there', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 10, NONE_ELSEWHERE);
    inventory.applyLookup(['i-1'], [], 20);
    inventory.applyLookup(['i-1'], [], 20 + GAP);
    expect(inventory.notFound('i-1')).toEqual({ firstAt: 20, lastAt: 70 });
    inventory.applyLookup(['i-1'], [], 71 + GAP);
    expect(inventory.notFound('i-1')).toEqual({ firstAt: 121, lastAt: 121 });
  });

  it('from a look-up that was begun before a sighting says nothing', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1')], 30, NONE_ELSEWHERE);
    expect(inventory.applyLookup(['i-1'], [], 20).size).toBe(0);
    expect(inventory.notFound('i-1')).toBeUndefined();
  });

  it('of an id never seen is known all the same, and names the Workspaces that follow it', () => {
    const inventory = setUp({ 'i-9': ['uid-9'] });
    expect([...inventory.applyLookup(['i-9'], [], 20)]).toEqual(['uid-9']);
    inventory.applyLookup(['i-9'], [], 50);
    expect(inventory.notFound('i-9')).toEqual({ firstAt: 20, lastAt: 50 });
    expect(inventory.get('i-9')).toBeUndefined();
    expect(inventory.all()).toEqual([]);
  });

  it('of a terminated instance is no mystery: EC2 forgets those', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1', { state: 'terminated' })], 10, NONE_ELSEWHERE);
    inventory.applyLookup(['i-1'], [], 20);
    expect(inventory.notFound('i-1')).toBeUndefined();
  });
});

describe('an effect’s answer', () => {
  it('makes a launch known at once', () => {
    const inventory = setUp();
    expect([...inventory.note(instance('i-1', { state: 'pending' }), 10)]).toEqual([uid]);
    expect(inventory.ofWorkspace(uid)).toMatchObject([{ id: 'i-1', state: 'pending', missing: false }]);
  });

  it('never takes back what was read: a replay answers with an old state', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1', { state: 'running' })], 10, NONE_ELSEWHERE);
    expect(inventory.note(instance('i-1', { state: 'pending' }), 20).size).toBe(0);
    expect(inventory.get('i-1')?.state).toBe('running');
  });

  it('is believed when it shows the end', () => {
    const inventory = setUp();
    inventory.applySweep([instance('i-1', { state: 'running' })], 10, NONE_ELSEWHERE);
    expect([...inventory.note(instance('i-1', { state: 'terminated' }), 20)]).toEqual([uid]);
    expect(inventory.get('i-1')?.state).toBe('terminated');
  });
});

describe('memory', () => {
  it('forgets and reports absent, old instances without a follower', () => {
    const followed: Record<string, string[]> = { 'i-2': ['uid-of-i-2'], 'i-9': ['uid-9'] };
    const inventory = setUp(followed);
    inventory.applySweep(
      ['i-1', 'i-2', 'i-3'].map((id) => instance(id, { state: 'terminated' })),
      10,
      NONE_ELSEWHERE,
    );
    inventory.applyLookup(['i-9'], [], 15);
    inventory.applySweep([instance('i-3', { state: 'terminated' })], 20, NONE_ELSEWHERE);
    expect([...inventory.forget(10)]).toEqual([]);
    expect([...inventory.forget(11)]).toEqual([uid]);
    expect(inventory.all().map(({ id }) => id)).toEqual(['i-2', 'i-3']);
    expect(inventory.ofWorkspace(uid)).toEqual([]);
    delete followed['i-2'];
    delete followed['i-9'];
    expect([...inventory.forget(11)]).toEqual(['uid-of-i-2']);
    expect(inventory.notFound('i-9')).toBeUndefined();
  });

  it('hands out readings that no caller can change', () => {
    const inventory = setUp();
    inventory.note(instance('i-1'), 10);
    expect(Object.isFrozen(inventory.get('i-1'))).toBe(true);
  });
});

describe('in any order of readings', () => {
  const states = fc.constantFrom<InstanceState>(
    'pending',
    'running',
    'stopped',
    'shutting-down',
    'terminated',
  );
  const reads = fc.array(
    fc.record({ begunAt: fc.integer({ min: 0, max: 30 }), state: fc.option(states), lookup: fc.boolean() }),
    { maxLength: 12 },
  );
  const rank = (state: InstanceState | undefined) =>
    state === 'terminated' ? 2 : state === 'shutting-down' ? 1 : 0;

  it('the end is final, absence is dated within the reads, and a sighting after the last absence wins', () => {
    fc.assert(
      fc.property(reads, (script) => {
        const inventory = setUp();
        let highest = 0;
        for (const { begunAt, state, lookup } of script) {
          const items = state ? [instance('i-1', { state })] : [];
          if (lookup) inventory.applyLookup(['i-1'], items, begunAt);
          else inventory.applySweep(items, begunAt, NONE_ELSEWHERE);
          const known = inventory.get('i-1');
          expect(rank(known?.state)).toBeGreaterThanOrEqual(highest);
          highest = rank(known?.state);
        }
        const seen = script.filter(({ state }) => state).map(({ begunAt }) => begunAt);
        const lastSeen = Math.max(Number.NEGATIVE_INFINITY, ...seen);
        const lacked = script.filter(({ state }) => !state).map(({ begunAt }) => begunAt);
        const known = inventory.get('i-1');
        expect(known === undefined).toBe(seen.length === 0);
        if (known?.missing) expect(Math.max(...lacked)).toBeGreaterThan(lastSeen);
        const absence = plain(inventory.notFound('i-1'));
        if (absence) {
          expect(absence.firstAt).toBeLessThanOrEqual(absence.lastAt);
          expect(absence.firstAt).toBeGreaterThan(lastSeen);
        }
      }),
      { numRuns: 500 },
    );
  });
});
