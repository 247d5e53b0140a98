import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  factsOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';

const quiet = { available: true, since: 0, launches: [] };
const REFUSED = {
  powerAnswers: { 'StartInstances i-1': 'InsufficientInstanceCapacity' },
  powerSentAt: { 'StartInstances i-1': NOW.mono },
};

/** It has lived, was stopped, and its start was written some minutes ago. */
function starting(deadline: string, more: Overrides = {}) {
  const launch = launchOf({ readyAt: undefined, after: { boot: 3 }, deadline });
  const status = statusOf({ launch, instance: { id: 'i-1', state: 'stopped' } });
  return factsOf({
    status,
    instances: [instanceOf(1, 'stopped')],
    heartbeats: quiet,
    process: REFUSED,
    ...more,
  });
}

describe('a start that EC2 refuses', () => {
  test('is said with its cause and the next step, and asked again', () => {
    const decision = decideAt(starting(stamp(14 * MINUTE)));
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'StartBlocked' });
    const { message } = conditionOf(decision, 'Ready');
    expect(message).toMatch(/start i-1 \(InsufficientInstanceCapacity\).*spec\.requests\.restart/);
    expect(decision.requeueAfterMs).toBe(30 * SECOND);
    expect(decideAt(starting(stamp(14 * MINUTE)), 30 * SECOND).effect?.kind).toBe('StartInstances');
  });

  test('costs no disk: its deadline does not pass, and moves at most twice in that time', () => {
    expect(decideAt(starting(stamp(8 * MINUTE))).status.launch?.deadline).toBe(stamp(8 * MINUTE));
    expect(decideAt(starting(stamp(7 * MINUTE))).status.launch?.deadline).toBe(stamp(15 * MINUTE));
    const past = { ...REFUSED, console: { 'i-1': '' } };
    const decision = decideValidated(starting(stamp(-MINUTE), { process: past }));
    expect(decision.status.launch).toMatchObject({ number: 1, deadline: stamp(15 * MINUTE) });
  });

  test('leaves a person’s restart free: a new instance is what helps', () => {
    const decision = decideValidated(
      starting(stamp(14 * MINUTE), { spec: { requests: { restart: 'now' } } }),
    );
    expect(decision.status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart' } });
  });

  test('is over once EC2 takes it up', () => {
    const process = { ...REFUSED, powerAnswers: { 'StartInstances i-1': 'accepted' } };
    expect(conditionOf(decideAt(starting(stamp(14 * MINUTE), { process })), 'Ready').reason).toBe(
      'Launching',
    );
  });
});

test('a stop that EC2 refuses is said with its cause', () => {
  const status = statusOf({ launch: launchOf({ phase: 'Stopped' }) });
  const process = { powerAnswers: { 'StopInstances i-1': 'OperationNotPermitted' } };
  const decision = decideAt(factsOf({ spec: { operatingMode: 'Stopped' }, status, process }));
  expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'StopBlocked' });
  expect(conditionOf(decision, 'Ready').message).toContain('OperationNotPermitted');
});

test('found stopped before its first heartbeat: it is started once, under the original deadline', () => {
  const deadline = stamp(MINUTE);
  const starting = factsOf({
    instances: [instanceOf(1, 'stopped')],
    status: statusOf({ launch: booting({ deadline }), instance: { id: 'i-1', state: 'stopped' } }),
    heartbeats: quiet,
  });
  const first = decideAt(starting);
  expect(first.effect).toEqual({ kind: 'StartInstances', ids: ['i-1'] });
  expect(first.status.launch).toMatchObject({ number: 1, after: { boot: 0 }, deadline });
  const again = (process: object) =>
    decideAt(
      factsOf({ instances: [instanceOf(1, 'stopped')], status: first.status, heartbeats: quiet, process }),
      30 * SECOND,
    );
  const sent = { powerSentAt: { 'StartInstances i-1': NOW.mono } };
  // The answer was lost, or a new process does not know of it.
  expect(again(sent).effect?.kind).toBe('StartInstances');
  expect(again({}).effect?.kind).toBe('StartInstances');
  expect(again({ ...sent, powerAnswers: { 'StartInstances i-1': 'accepted' } }).effect).toBeUndefined();
  expect(again({}).status.launch?.deadline).toBe(deadline);
  const late = factsOf({
    instances: [instanceOf(1, 'stopped')],
    status: first.status,
    heartbeats: quiet,
    process: { console: { 'i-1': '' } },
  });
  expect(decideValidated(late, 2 * MINUTE).status.launch).toMatchObject({
    number: 2,
    cause: { kind: 'TimedOut', ref: '1' },
  });
});
