import { describe, expect, test } from 'vitest';
import { type ClassOverrides, classFactsOf } from '../../../../test/support/fleet/classFacts.ts';
import { MINUTE, NOW, SECOND, stamp } from '../../../../test/support/workspace/facts.ts';
import { workspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import { decideClass } from './decide.ts';

/** The status that stands after these facts were decided on. */
function settled(overrides: ClassOverrides = {}) {
  return decideClass(classFactsOf(overrides), NOW).status;
}

function conditionOf(status: ReturnType<typeof settled>, type: string) {
  return status.conditions?.find((condition) => condition.type === type);
}

const at = (ms: number) => ({ wall: NOW.wall + ms, mono: NOW.mono + ms });

describe('a class’s status', () => {
  test('on the first visit all conditions are there, and the status is one that the kind allows', () => {
    const status = settled();
    expect(status.conditions?.map(({ type, status: holds }) => [type, holds])).toEqual([
      ['Ready', 'True'],
      ['Resolved', 'True'],
      ['Launchable', 'True'],
      ['RolloutComplete', 'True'],
      ['EvidenceAvailable', 'True'],
      ['CloudAvailable', 'True'],
    ]);
    expect(status).toMatchObject({
      observedGeneration: 1,
      counts: { total: 10, current: 10, updating: 0, failing: 0 },
      resolvedImages: [{ architecture: 'x86_64', id: 'ami-1' }],
    });
    expect(workspaceClassStatus.safeParse(JSON.parse(JSON.stringify(status))).error).toBeUndefined();
  });

  test('in steady state nothing is written, whenever it is looked at', () => {
    const status = settled();
    for (const ms of [0, SECOND, 60 * MINUTE]) {
      const again = decideClass(classFactsOf({ status }), at(ms));
      expect(again.status).toEqual(status);
      expect(again.events).toEqual([]);
    }
  });

  test('numbers that change soon after a write wait until the interval is over, and are not lost', () => {
    const status = settled();
    const fleet = { counts: { total: 10, current: 4, updating: 6, failing: 0 } };
    const soon = decideClass(classFactsOf({ status, fleet, wroteAt: NOW.mono }), at(2 * SECOND));
    expect(soon.status).toEqual(status);
    expect(soon.requeueAfterMs).toBe(3 * SECOND);
    const then = decideClass(classFactsOf({ status, fleet, wroteAt: NOW.mono }), at(5 * SECOND));
    expect(then.status.counts).toEqual(fleet.counts);
  });

  test('what a person must know does not wait', () => {
    const status = settled();
    const resolution = { ok: false as const, kind: 'missing' as const, message: 'images[0]: gone.' };
    const { status: next, events } = decideClass(
      classFactsOf({ status, resolution, wroteAt: NOW.mono }),
      at(SECOND),
    );
    expect(conditionOf(next, 'Resolved')).toMatchObject({ status: 'False', message: 'images[0]: gone.' });
    expect(conditionOf(next, 'Ready')).toMatchObject({ status: 'False', reason: 'InvalidConfiguration' });
    expect(events).toEqual([
      { type: 'Warning', reason: 'InvalidConfiguration', message: 'images[0]: gone.' },
    ]);
    expect(next.resolvedImages).toEqual(status.resolvedImages);
  });

  test('that EC2 can’t be asked changes no verdict', () => {
    const status = settled();
    const resolution = { ok: false as const, kind: 'unavailable' as const, message: 'away' };
    expect(decideClass(classFactsOf({ status, resolution }), at(MINUTE)).status).toEqual(status);
  });

  test('launches that the quota refuses are said once for all, and the class is not Ready', () => {
    const blocked = [{ reason: 'QuotaExceeded' as const, count: 40, example: 'default/ada' }];
    const status = settled({ fleet: { blocked } });
    expect(conditionOf(status, 'Launchable')).toMatchObject({ status: 'False', reason: 'QuotaExceeded' });
    expect(conditionOf(status, 'Launchable')?.message).toMatch(/^40 Workspaces, default\/ada among them/);
    expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'False', reason: 'QuotaExceeded' });
  });

  test('a limit that is reached is as it should be: said, but no fault of the class', () => {
    const blocked = [{ reason: 'ClassLimitReached' as const, count: 1, example: 'default/ada' }];
    const status = settled({ fleet: { blocked } });
    expect(conditionOf(status, 'Launchable')).toMatchObject({ reason: 'ClassLimitReached' });
    expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'True' });
  });
});

describe('a roll-out in a class’s status', () => {
  test('that a refusal holds names the Workspace that says why, as Launchable may know of none', () => {
    const stuck = { refused: { count: 2, example: 'default/ada' }, namespaces: [], isAllHalted: false };
    const status = settled({ fleet: { ...going(0, 10), stuck } });
    expect(conditionOf(status, 'Launchable')).toMatchObject({ status: 'True' });
    const said = conditionOf(status, 'RolloutComplete')?.message;
    expect(said).toMatch(/The condition Ready of default\/ada says/);
    expect(said).not.toMatch(/Launchable/);
  });

  const going = (replaced: number, rolling: number): ClassOverrides['fleet'] => ({
    rolling,
    limit: 2,
    replacedSince: (at) => (at <= NOW.wall + SECOND ? replaced : 0),
    meanMs: replaced > 0 ? 90 * SECOND : undefined,
  });

  test('it begins with the first change that is due, and has no estimate before one was replaced', () => {
    const { rollout, conditions } = settled({ fleet: going(0, 10) });
    expect(rollout).toEqual({ startedAt: stamp(0), total: 10, updated: 0 });
    expect(conditions?.find(({ type }) => type === 'RolloutComplete')).toMatchObject({
      status: 'False',
      reason: 'RollingOut',
    });
  });

  test('it began when its first change counted, though one is being replaced by the time that it is seen', () => {
    const fleet = { ...going(0, 10), dueSince: NOW.wall - 9 * SECOND };
    expect(settled({ fleet }).rollout?.startedAt).toBe(stamp(-9 * SECOND));
    const ended = {
      ...settled({ fleet }),
      rollout: { startedAt: stamp(-MINUTE), total: 1, updated: 1, endedAt: stamp(-SECOND) },
    };
    expect(settled({ fleet, status: ended }).rollout?.startedAt).toBe(stamp(-SECOND));
  });

  test('it says how many are replaced, and when it ends at this pace: two at once, ninety seconds each', () => {
    const begun = settled({ fleet: going(0, 10) });
    const { rollout } = decideClass(classFactsOf({ status: begun, fleet: going(4, 6) }), at(MINUTE)).status;
    expect(rollout).toEqual({
      startedAt: stamp(0),
      total: 10,
      updated: 4,
      estimatedEndAt: stamp(MINUTE + 3 * 90 * SECOND),
    });
  });

  test('while nothing moves the estimate stays as it is: a later one would be a write without news', () => {
    const begun = settled({ fleet: going(0, 10) });
    const facts = classFactsOf({ status: begun, fleet: going(4, 6) });
    const status = decideClass(facts, at(MINUTE)).status;
    expect(decideClass(classFactsOf({ status, fleet: going(4, 6) }), at(9 * MINUTE)).status).toEqual(status);
  });

  test('a roll-out ends when nothing is left, emits an event, and the next one is another', () => {
    const begun = settled({ fleet: going(0, 10) });
    const ended = decideClass(classFactsOf({ status: begun, fleet: going(10, 0) }), at(MINUTE));
    expect(ended.status.rollout).toMatchObject({ total: 10, updated: 10, endedAt: stamp(MINUTE) });
    expect(ended.events.map(({ reason }) => reason)).toEqual(['RolloutComplete']);
    const next = decideClass(classFactsOf({ status: ended.status, fleet: going(10, 3) }), at(2 * MINUTE));
    expect(next.status.rollout).toMatchObject({ startedAt: stamp(2 * MINUTE), total: 3, updated: 0 });
  });
});
