import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  desiredOf,
  environmentOf,
  factsOf,
  fleetOf,
  instanceOf,
  launchOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { occupies } from '../../../../api/kinds/room.ts';
import type { FleetFact } from '../facts/facts.ts';

const NOTHING_YET = statusOf({
  launch: { number: 0, generation: 0, phase: 'Closed', failures: 0 },
  desired: desiredOf(1, 'a', { cause: 'Created' }),
  instance: undefined,
  provisions: 0,
});

function first(limits: Record<string, number>, room: Partial<FleetFact['room']>) {
  const fleet = fleetOf({ room: { ...fleetOf().room, ...room } });
  return decideAt(factsOf({ status: NOTHING_YET, instances: [], class: classOf(limits), fleet }));
}

const NO_OTHERS = { taken: 0, ahead: 0, takenInNamespace: 0, aheadInNamespace: 0 };

describe('a first launch', () => {
  test.each([
    ['without limits', {}, { taken: 5_000 }, true],
    ['below the class’s limit', { maxInstances: 3 }, { taken: 2 }, true],
    ['at the class’s limit', { maxInstances: 3 }, { taken: 3 }, false],
    ['where older ones would take the rest', { maxInstances: 3 }, { taken: 1, ahead: 2 }, false],
    ['at the namespace’s limit', { maxInstancesPerNamespace: 2 }, { takenInNamespace: 2 }, false],
    [
      'where older ones of the namespace would take the rest',
      { maxInstancesPerNamespace: 2 },
      { takenInNamespace: 1, aheadInNamespace: 1 },
      false,
    ],
    [
      'where the namespace has room and the class has not',
      { maxInstances: 2, maxInstancesPerNamespace: 2 },
      { taken: 2 },
      false,
    ],
    ['with a limit of none', { maxInstances: 0 }, {}, false],
  ])('%s', (_, limits, room, launches) => {
    const decision = first(limits, { ...NO_OTHERS, ...room });
    expect(decision.status.launch?.number).toBe(launches ? 1 : 0);
    if (launches) return;
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'ClassLimitReached' });
    expect(decision.claim).toBeUndefined();
    expect(decision.effect).toBeUndefined();
  });

  test('that is turned away says which limit, and is not asked for anything of a person’s', () => {
    const decision = first({ maxInstances: 3 }, { ...NO_OTHERS, taken: 3 });
    expect(conditionOf(decision, 'Ready').message).toContain('maxInstances 3');
    expect(conditionOf(decision, 'Stalled')).toMatchObject({ status: 'False' });
  });
});

describe('lowering a limit ends nothing, and one’s own successor needs no room', () => {
  const over = { class: classOf({ maxInstances: 0 }), fleet: fleetOf() };

  test('an instance that runs stays', () => {
    expect(decideAt(factsOf(over)).status.launch?.number).toBe(1);
    expect(conditionOf(decideAt(factsOf(over)), 'Ready')).toMatchObject({ status: 'True' });
  });

  test('a change replaces it', () => {
    const status = statusOf({ desired: desiredOf(2, 'b') });
    const facts = factsOf({ ...over, status, environment: environmentOf('b') });
    expect(decideValidated(facts).status.launch?.number).toBe(2);
  });

  test('one that has ended is repaired', () => {
    const launch = launchOf({ ended: { outcome: 'Ended', at: stamp(-60_000) } });
    const facts = factsOf({
      ...over,
      status: statusOf({ launch }),
      instances: [instanceOf(1, 'terminated')],
    });
    expect(decideAt(facts).status.launch?.number).toBe(2);
  });
});

describe('room is taken', () => {
  test.each([
    ['by nothing yet', NOTHING_YET, false],
    ['by an instance', statusOf(), true],
    ['by a stopped one', statusOf({ launch: launchOf({ phase: 'Stopped' }) }), true],
    [
      'not by a launch that was closed',
      statusOf({ launch: launchOf({ phase: 'Closed', instanceID: undefined }) }),
      false,
    ],
    [
      'by one that is ending, though its successor was closed',
      statusOf({
        launch: launchOf({ number: 2, phase: 'Closed' }),
        terminating: [{ number: 1, instanceID: 'i-1' }],
      }),
      true,
    ],
  ])('%s', (_, status, taken) => {
    expect(occupies(status)).toBe(taken);
  });
});
