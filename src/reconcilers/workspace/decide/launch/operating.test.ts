import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  desiredOf,
  doubtful,
  envDigest,
  environmentOf,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';

const quiet = { available: true, since: 0, launches: [] };
const silent = { ...quiet, launches: [heartbeatOf(1, { fresh: false, boot: 3 })] };
const stopped = (more: Overrides = {}) => factsOf({ spec: { operatingMode: 'Stopped' }, ...more });

describe('while Stopped', () => {
  test('the phase is written in the status that precedes StopInstances', () => {
    const { status, effect } = decideAt(stopped());
    expect(status.launch).toMatchObject({ number: 1, phase: 'Stopped', instanceID: 'i-1' });
    expect(effect).toEqual({ kind: 'StopInstances', ids: ['i-1'] });
    expect(status.provisions).toBe(1);
  });

  test.each(['pending', 'stopping', 'stopped'])('one that is %s is not asked to stop', (state) => {
    const { status, effect } = decideAt(stopped({ instances: [instanceOf(1, state)] }));
    expect(status.launch?.phase).toBe('Stopped');
    expect(effect).toBeUndefined();
  });

  test('StopInstances without effect is repeated after a pause', () => {
    const asked = (agoMs: number) =>
      decideAt(stopped({ process: { powerSentAt: { 'StopInstances i-1': NOW.mono - agoMs } } }));
    expect(asked(SECOND).effect).toBeUndefined();
    expect(asked(SECOND).requeueAfterMs).toBe(14 * SECOND);
    expect(asked(15 * SECOND).effect?.kind).toBe('StopInstances');
  });

  test('stopped, started and stopped again at once, no call waits for the one before its opposite', () => {
    const sent = { 'StopInstances i-1': NOW.mono - 3 * SECOND, 'StartInstances i-1': NOW.mono - 2 * SECOND };
    expect(decideAt(stopped({ process: { powerSentAt: sent } })).effect?.kind).toBe('StopInstances');
    const again = { ...sent, 'StopInstances i-1': NOW.mono - SECOND };
    expect(decideAt(stopped({ process: { powerSentAt: again } })).effect).toBeUndefined();
    const started = decideAt(
      factsOf({
        status: statusOf(rested),
        instances: [instanceOf(1, 'stopped')],
        heartbeats: silent,
        process: { powerSentAt: again },
      }),
    );
    expect(started.effect?.kind).toBe('StartInstances');
  });

  const rested = {
    launch: launchOf({ phase: 'Stopped' as const }),
    instance: { id: 'i-1', state: 'stopped' },
  };
  test.each<[string, Overrides]>([
    [
      'rolled',
      { status: statusOf({ ...rested, desired: desiredOf(9, 'b') }), environment: environmentOf('b') },
    ],
    [
      'timed out',
      { status: statusOf({ ...rested, launch: launchOf({ phase: 'Stopped', readyAt: undefined }) }) },
    ],
    [
      'restarted',
      { status: statusOf(rested), spec: { operatingMode: 'Stopped', requests: { restart: 'now' } } },
    ],
  ])('nothing is %s', (_what, more) => {
    const { status, effect } = decideAt(
      stopped({ instances: [instanceOf(1, 'stopped')], heartbeats: silent, ...more }),
      HOUR,
    );
    expect(effect).toBeUndefined();
    expect(status.launch?.number).toBe(1);
  });

  test('at rest it says so, and is done', () => {
    const decision = decideAt(
      stopped({ status: statusOf(rested), instances: [instanceOf(1, 'stopped')], heartbeats: silent }),
    );
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'Stopped' });
    expect(conditionOf(decision, 'Reconciling').status).toBe('False');
    expect(decision.requeueAfterMs).toBeUndefined();
  });

  test('a waiting launch is closed unsent, and what it would have spent is spent by the next', () => {
    const ending = { launch: waiting(2), terminating: [{ number: 1, instanceID: 'i-1' }] };
    const closed = decideAt(
      stopped({ status: statusOf(ending), instances: [instanceOf(1, 'shutting-down')] }),
    ).status;
    expect(closed.launch).toMatchObject({ number: 2, phase: 'Closed' });
    expect(closed.history?.[0]).toMatchObject({ number: 2, outcome: 'Closed' });
    const again = decideAt(
      factsOf({ status: closed, instances: [instanceOf(1, 'terminated')], heartbeats: quiet }),
    );
    expect(again.status.launch).toMatchObject({ number: 3, cause: waiting(2).cause });
    expect(again.effect).toEqual({ kind: 'RunInstances', number: 3, armed: true });
  });

  test('a launch in doubt is resolved first', () => {
    const { status, effect } = decideAt(
      stopped({ status: statusOf({ launch: doubtful() }), instances: [], heartbeats: quiet }),
    );
    expect(effect).toEqual({ kind: 'RunInstances', number: 1, armed: false });
    expect(status.launch?.phase).toBe('Submitted');
  });

  test.each<[string, Overrides]>([
    ['where the class says Terminate', { class: classOf({ stopBehavior: 'Terminate' }) }],
    [
      'on Spot',
      { status: statusOf({ launch: launchOf({ params: { ...paramsOf(), capacityType: 'Spot' } }) }) },
    ],
  ])('%s a superseding number, closed, ends it', (_when, more) => {
    const { status, effect } = decideAt(stopped(more));
    expect(status.launch).toMatchObject({ number: 2, phase: 'Closed' });
    expect(status.terminating).toEqual([{ number: 1, instanceID: 'i-1' }]);
    expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
  });

  test('paused, nothing is stopped', () => {
    const { status, effect } = decideAt(stopped({ spec: { operatingMode: 'Stopped', paused: true } }));
    expect(effect).toBeUndefined();
    expect(status.launch?.phase).toBe('Submitted');
  });
});

function paramsOf() {
  const { params } = launchOf();
  if (!params) throw new Error('a launch has parameters');
  return params;
}

describe('Running again', () => {
  const resting = (more: Overrides = {}) =>
    factsOf({
      status: statusOf({
        launch: launchOf({ phase: 'Stopped' }),
        instance: { id: 'i-1', state: 'stopped', env: envDigest('a') },
      }),
      instances: [instanceOf(1, 'stopped')],
      heartbeats: silent,
      ...more,
    });

  test('one write says from which boot on a heartbeat counts, and a new deadline; then StartInstances', () => {
    const { status, effect } = decideAt(resting());
    expect(status.launch).toMatchObject({ number: 1, phase: 'Submitted', after: { boot: 3 } });
    expect(status.launch?.readyAt).toBeUndefined();
    expect(Date.parse(status.launch?.deadline ?? '')).toBe(NOW.wall + 15 * MINUTE);
    expect(status.instance?.env).toBeUndefined();
    expect(effect).toEqual({ kind: 'StartInstances', ids: ['i-1'] });
  });

  test('a launch that was Ready has heartbeated once at least, also when its row is gone', () => {
    const { status } = decideAt(resting({ heartbeats: quiet }));
    expect(status.launch?.after).toEqual({ boot: 1 });
  });

  test('not while heartbeats can’t be read: an older one would then count, and no environment be served', () => {
    const { status, effect, requeueAfterMs } = decideAt(
      resting({ heartbeats: { available: false, launches: [] } }),
    );
    expect(status.launch).toMatchObject({ phase: 'Stopped' });
    expect(status.launch?.after).toBeUndefined();
    expect(effect).toBeUndefined();
    expect(requeueAfterMs).toBe(30_000);
    expect(status.conditions?.[0]).toMatchObject({ type: 'Ready', reason: 'EvidenceUnavailable' });
  });

  const started = (boot: number, more: Overrides = {}) =>
    factsOf({
      status: decideAt(resting()).status,
      heartbeats: { ...quiet, launches: [heartbeatOf(1, { boot })] },
      ...more,
    });

  test('a heartbeat from before the stop makes nothing ready; one of a later boot does', () => {
    expect(conditionOf(decideAt(started(3)), 'Ready').status).toBe('False');
    expect(conditionOf(decideAt(started(4)), 'Ready').status).toBe('True');
  });

  test('an environment that changed meanwhile is bound at the boot, without a number', () => {
    const facts = started(3, {
      status: { ...decideAt(resting()).status, desired: desiredOf(2, 'b') },
      environment: environmentOf('b'),
    });
    const { status, effect } = decideAt(facts);
    expect(effect).toBeUndefined();
    expect(status.launch?.number).toBe(1);
  });

  test('a machine that changed meanwhile supersedes it', () => {
    const machine = 'm1:other:class';
    const desired = desiredOf(2, 'a', { machine, cause: 'SpecChanged' });
    const launch = launchOf({ phase: 'Stopped' });
    const { status } = decideValidated(resting({ status: statusOf({ desired, launch }), machine }));
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'SpecChanged', ref: '2' } });
  });

  test('a StartInstances without effect is repeated after a pause, within the deadline', () => {
    const facts = started(3, { instances: [instanceOf(1, 'stopped')] });
    expect(decideAt(facts).effect?.kind).toBe('StartInstances');
    const asked = {
      ...facts,
      process: { ...facts.process, powerSentAt: { 'StartInstances i-1': NOW.mono - SECOND } },
    };
    expect(decideAt(asked).effect).toBeUndefined();
  });

  test('a start that brings no heartbeat by its deadline times out like a launch', () => {
    const facts = started(3, { process: { console: { 'i-1': '' } } });
    expect(decideValidated(facts, 16 * MINUTE).status.launch).toMatchObject({
      number: 2,
      cause: { kind: 'TimedOut', ref: '1' },
    });
  });

  const unstopped = (sentAgo: number) =>
    resting({
      instances: [instanceOf(1, 'running')],
      heartbeats: { ...quiet, launches: [heartbeatOf(1, { boot: 3 })] },
      process: { powerSentAt: { 'StopInstances i-1': NOW.mono - sentAgo } },
    });

  test('while a stop may still take effect, nothing is concluded from an instance that runs', () => {
    const { status, effect, requeueAfterMs } = decideAt(unstopped(SECOND));
    expect(effect).toBeUndefined();
    expect(status.launch?.phase).toBe('Stopped');
    expect(requeueAfterMs).toBe(2 * MINUTE - SECOND);
  });

  test('a stopping instance is not replaced for an environment that it will bind again', () => {
    const facts = unstopped(SECOND);
    const changed = resting({
      status: statusOf({ desired: desiredOf(2, 'b'), launch: launchOf({ phase: 'Stopped' }) }),
      environment: environmentOf('b'),
      instances: facts.instances,
      heartbeats: facts.heartbeats,
      process: facts.process,
    });
    expect(decideAt(changed).effect).toBeUndefined();
    expect(decideAt(changed).status.launch).toMatchObject({ number: 1, phase: 'Stopped' });
  });

  test('a stop that never took effect leaves everything as it was: it runs, and is heard', () => {
    const decision = decideAt(unstopped(2 * MINUTE));
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch).toMatchObject({ number: 1, phase: 'Submitted' });
    expect(decision.status.launch?.after).toBeUndefined();
    expect(conditionOf(decision, 'Ready').status).toBe('True');
  });
});

describe('found stopped while it should run', () => {
  const found = (more: Overrides = {}) =>
    factsOf({ instances: [instanceOf(1, 'stopped')], heartbeats: silent, ...more });

  test('it is started again, and never counted dead', () => {
    const { status, effect } = decideAt(found());
    expect(effect).toEqual({ kind: 'StartInstances', ids: ['i-1'] });
    expect(status.launch).toMatchObject({ number: 1, after: { boot: 3 } });
    expect(status.launch?.ended).toBeUndefined();
  });

  test('not while paused', () => {
    expect(decideAt(found({ spec: { paused: true } })).effect).toBeUndefined();
  });
});
