import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, written } from '../../../../test/support/workspace/decisions.ts';
import {
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  statusOf,
  waiting,
} from '../../../../test/support/workspace/facts.ts';

/** EC2 does not say by which token it was launched, as for a request without one. */
const tokenless = (number: number, state = 'running') =>
  instanceOf(number, state, { clientToken: undefined });
const deletionTimestamp = new Date(NOW.wall - MINUTE).toISOString();

describe('a status that somebody edited', () => {
  test('names the present instance as one that ends: it is not ended, and the name goes', () => {
    const launch = launchOf({ number: 3 });
    const terminating = [{ number: 1, instanceID: 'i-3' }];
    const { effect, status } = decideAt(
      factsOf({
        status: statusOf({ launch, terminating, instance: { id: 'i-3', state: 'running' } }),
        heartbeats: { available: true, since: 0, launches: [heartbeatOf(3)] },
        instances: [instanceOf(3, 'running')],
      }),
    );
    expect(effect).toBeUndefined();
    expect(status.terminating).toBeUndefined();
    expect(status.launch).toEqual(launch);
  });

  test('names an instance of our next launch as one that ends: that is not ended', () => {
    const terminating = [{ number: 1, instanceID: 'i-3' }];
    const facts = factsOf({
      status: statusOf({ launch: launchOf({ number: 2 }), terminating }),
      instances: [
        instanceOf(2, 'running'),
        instanceOf(1, 'running', { id: 'i-3', clientToken: 'of launch 3' }),
      ],
    });
    expect(decideAt(facts).effect).toBeUndefined();
  });

  test('names another instance although EC2 shows the launch’s own: it has its own again, and loses nothing', () => {
    for (const clientToken of ['another request', undefined]) {
      const named = instanceOf(1, 'running', { id: 'i-foreign', clientToken });
      const launch = launchOf({ instanceID: 'i-foreign' });
      const facts = factsOf({ status: statusOf({ launch }), instances: [named, instanceOf(1, 'running')] });
      const { effect, status, events } = decideAt(facts);
      expect(effect).toBeUndefined();
      expect(status.launch).toEqual(launchOf());
      expect(status.provisions).toBe(1);
      expect(events).toMatchObject([{ type: 'Warning', reason: 'NotOurs' }]);
    }
  });

  test('names one whose token EC2 does not show as one that ends: Ready reports it', () => {
    const status = statusOf({ launch: waiting(2), terminating: [{ number: 1, instanceID: 'i-1' }] });
    const ready = conditionOf(decideAt(factsOf({ status, instances: [tokenless(1)] })), 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'TerminationBlocked' });
    expect(ready.message).toMatch(/client token for i-1/);
  });

  test('names an earlier instance as the present launch’s: nothing is let go before that has ended', () => {
    const status = statusOf({ launch: launchOf({ number: 3, instanceID: 'i-2' }) });
    const { effect } = written(
      factsOf({ status, metadata: { deletionTimestamp }, instances: [instanceOf(2, 'running')] }),
    ).decision;
    expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-2'] });
  });

  test('names a later instance of ours as one that ends: it is not ended', () => {
    const status = statusOf({
      launch: launchOf({ number: 3 }),
      terminating: [{ number: 1, instanceID: 'i-4' }],
    });
    const facts = factsOf({ status, instances: [instanceOf(3, 'running'), instanceOf(4, 'running')] });
    expect(written(facts).decision.effect).toBeUndefined();
  });

  test.each(['Stopped', 'Running'])(
    'names one whose token EC2 does not say: for %s it is neither stopped nor started',
    (operatingMode) => {
      const state = operatingMode === 'Stopped' ? 'running' : 'stopped';
      const phase = operatingMode === 'Stopped' ? 'Submitted' : 'Stopped';
      const facts = factsOf({
        spec: { operatingMode },
        status: statusOf({ launch: launchOf({ phase }), instance: { id: 'i-1', state } }),
        instances: [tokenless(1, state)],
      });
      expect(decideAt(facts).effect).toBeUndefined();
      expect(written(facts).decision.requeueAfterMs).toBeLessThan(MINUTE);
    },
  );

  test('names one whose token EC2 does not say, and the Workspace is deleted: it stays, and that is said', () => {
    const facts = factsOf({ metadata: { deletionTimestamp }, instances: [tokenless(1)] });
    const { decision } = written(facts);
    expect(decision.effect).toBeUndefined();
    const ready = conditionOf(decision, 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'TerminationBlocked' });
    expect(ready.message).toMatch(/client token for i-1/);
  });
});

describe('a launch that waits although EC2 shows its own instance', () => {
  const status = statusOf({ launch: waiting(2), provisions: 2, instance: undefined });
  const facts = factsOf({ status, instances: [instanceOf(2, 'running'), instanceOf(1, 'terminated')] });

  test('takes that one, and sends nothing', () => {
    const { effect, status: next } = decideAt(facts);
    expect(effect?.kind).not.toBe('RunInstances');
    expect(next.launch).toMatchObject({ number: 2, phase: 'Submitted', instanceID: 'i-2' });
  });

  test('not one whose tags were copied', () => {
    const copy = instanceOf(2, 'running', { clientToken: 'another request' });
    const { status: next } = decideAt({ ...facts, instances: [copy, instanceOf(1, 'terminated')] });
    expect(next.launch?.instanceID).toBeUndefined();
  });
});
