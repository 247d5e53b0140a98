import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, written } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  SECOND,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import type { InstanceFact } from '../facts/facts.ts';

const AT = NOW.wall + 2 * MINUTE;
const TAKEN_BACK = {
  stateReasonCode: 'Server.SpotInstanceTermination',
  stateReason: 'Server.SpotInstanceTermination: Spot instance termination (Server.SpotInstanceTermination)',
};

const spot = (more: Parameters<typeof launchOf>[0] = {}) => {
  const launch = launchOf(more);
  return { ...launch, params: launch.params && { ...launch.params, capacityType: 'Spot' as const } };
};
const announced = heartbeatOf(1, { interruption: { action: 'terminate', at: AT } });
const heard = (...launches: ReturnType<typeof heartbeatOf>[]) => ({
  available: true,
  since: 0,
  massSilence: false,
  launches,
});

/** What EC2 shows once the instance is on its way out. */
const ended = (launch = spot(), more: Partial<InstanceFact> = {}) =>
  factsOf({
    status: statusOf({ launch }),
    instances: [instanceOf(1, 'terminated', { ...TAKEN_BACK, ...more })],
    heartbeats: heard(announced),
  });

describe('an announced interruption', () => {
  const facts = factsOf({ status: statusOf({ launch: spot() }), heartbeats: heard(announced) });

  test('is shown with its time while the instance serves, and has one event', () => {
    const decision = decideAt(facts);
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
    expect(conditionOf(decision, 'InstanceReady')).toMatchObject({ status: 'True', reason: 'Interrupted' });
    for (const type of ['Ready', 'InstanceReady'])
      expect(conditionOf(decision, type).message).toContain(new Date(AT).toISOString());
    expect(decision.events).toEqual([
      { type: 'Warning', reason: 'Interrupted', message: conditionOf(decision, 'InstanceReady').message },
    ]);
    const again = decideAt({ ...facts, workspace: { ...facts.workspace, status: decision.status } });
    expect(again.events).toEqual([]);
    expect(again.status).toEqual(decision.status);
  });

  test('alone changes nothing, before its time or after it', () => {
    for (const later of [0, 10 * MINUTE]) {
      const { status, effect } = decideAt(facts, later);
      expect(effect).toBeUndefined();
      expect(status.launch).toMatchObject({ number: 1, phase: 'Submitted' });
      expect(status.launch).not.toHaveProperty('ended');
    }
  });

  test.each([
    ['an On-Demand instance', statusOf(), announced],
    [
      'the boot before a start',
      statusOf({ launch: spot({ after: { boot: 3 } }) }),
      { ...announced, boot: 3 },
    ],
    ['another launch', statusOf({ launch: spot({ number: 2 }) }), announced],
  ])('of %s is none', (_whose, status, row) => {
    const decision = decideAt(factsOf({ status, heartbeats: heard(row) }));
    expect(conditionOf(decision, 'InstanceReady').reason).not.toBe('Interrupted');
    expect(decision.events.map(({ reason }) => reason)).not.toContain('Interrupted');
  });
});

describe('an instance that EC2 took back', () => {
  test('is a recorded end of its own kind, and replaced at once, once', () => {
    const decision = decideAt(ended());
    expect(decision.status.launch).toMatchObject({
      number: 2,
      cause: { kind: 'Interrupted', ref: '1' },
      phase: 'Submitted',
      failures: 0,
    });
    expect(decision.status.history?.[0]).toMatchObject({ number: 1, outcome: 'Interrupted' });
    expect(decision.effect).toEqual({ kind: 'RunInstances', number: 2, armed: true });
    expect(decision.ledger).toEqual([
      expect.objectContaining({ kind: 'stopped', number: 1, outcome: 'Interrupted' }),
    ]);
  });

  test('waits for its successor until it is terminated', () => {
    const { status, effect } = decideAt(ended(spot(), { state: 'shutting-down' }));
    expect(effect).toBeUndefined();
    expect(status.launch).toMatchObject({ number: 2, phase: 'Waiting', cause: { kind: 'Interrupted' } });
  });

  test('counts as no failure, and forgives none', () => {
    const soon = spot({ failures: 3, readyAt: stamp(-MINUTE) });
    expect(decideAt(ended(soon)).status.launch).toMatchObject({ number: 2, failures: 3 });
  });

  test('before it ever served, is replaced after the shortest pause, however often that happens', () => {
    const { number: _same, ...early } = booting({ failures: 4 });
    const facts = { ...ended(spot({ ...early })), heartbeats: heard() };
    const before = decideAt(facts);
    expect(before.status.launch).toMatchObject({ number: 1, ended: { outcome: 'Interrupted' } });
    expect(before.requeueAfterMs).toBe(30 * SECOND);
    expect(conditionOf(before, 'Ready')).toMatchObject({ reason: 'Restarting' });
    const recorded = { ...facts, workspace: { ...facts.workspace, status: before.status } };
    expect(decideAt(recorded, 30 * SECOND).status.launch).toMatchObject({ number: 2, failures: 4 });
  });

  test.each([
    ['Client.InstanceInitiatedShutdown', 'Ended'],
    ['Client.UserInitiatedShutdown', 'Ended'],
    [undefined, 'Ended'],
    ['Server.SpotInstanceShutdown', 'Interrupted'],
  ])('follows EC2’s code alone, and not its words: %s', (stateReasonCode, outcome) => {
    const shutting = ended(spot(), { state: 'shutting-down', stateReasonCode });
    expect(written(shutting).status.launch?.ended?.outcome ?? outcomeOf(shutting)).toBe(outcome);
  });
});

/** How the launch before the present one came to its end. */
function outcomeOf(facts: Parameters<typeof written>[0]) {
  return written(facts).status.history?.[0]?.outcome;
}
