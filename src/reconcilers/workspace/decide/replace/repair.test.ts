import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  decideAt,
  decideValidated,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  doubtful,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  refusalOf,
  SECOND,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { refusedOf } from '../../../../../test/support/workspace/refused.ts';

const quiet = { available: true, since: 0, launches: [] };

describe('a refused launch', () => {
  function refused(kind: 'capacity' | 'quota' | 'userFix', more: Overrides = {}, failures = 0) {
    const launch = doubtful({ failures });
    return factsOf({
      status: statusOf({ launch, instance: undefined, provisions: 0 }),
      instances: [],
      heartbeats: quiet,
      process: { answer: refusalOf(1, kind) },
      ...more,
    });
  }

  test('for capacity: the next offering, under a new number, in the same write', () => {
    const { status, effect } = decideAt(
      refused('capacity', { refused: [refusedOf('InsufficientInstanceCapacity', MINUTE)] }),
    );
    expect(status.launch).toMatchObject({
      number: 2,
      phase: 'Submitted',
      cause: { kind: 'Refused', ref: '1' },
      params: { instanceType: 'm7i.large', zone: 'b' },
      failures: 0,
    });
    expect(status.history?.[0]).toMatchObject({ number: 1, outcome: 'Refused' });
    expect(effect).toEqual({ kind: 'RunInstances', number: 2, armed: true });
    expect(status.provisions).toBe(0);
  });

  test('for capacity everywhere: it waits, says so, and asks again as soon as one may answer', () => {
    const offerings = ['m7i.large', 'm6i.large'].flatMap((instanceType) =>
      ['a', 'b'].map((zone) => ({ instanceType, zone })),
    );
    const all = offerings.map((asked, index) =>
      refusedOf('InsufficientInstanceCapacity', (index + 1) * MINUTE, asked),
    );
    const decision = decideAt(refused('capacity', { refused: all }));
    expect(decision.status.launch).toMatchObject({ number: 1, ended: { outcome: 'Refused' } });
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'CapacityUnavailable' });
    expect(decision.requeueAfterMs).toBe(MINUTE);
  });

  test('for what a person must fix: it waits, says so, and the pause doubles', () => {
    const first = decideAt(refused('userFix'));
    expect(first.effect).toBeUndefined();
    expect(first.status.launch?.number).toBe(1);
    const ready = conditionOf(first, 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'InvalidConfiguration' });
    expect(ready.message).toMatch(/Fix the class or the Workspace/);
    expect(ready.message).toContain(stamp(30 * SECOND));
    const waits = [0, 1, 2, 3, 30].map(
      (failures) => decideAt(refused('userFix', {}, failures)).requeueAfterMs,
    );
    expect(waits).toEqual([30, 60, 120, 240, 900].map((seconds) => seconds * SECOND));
    const later = decideAt(refused('userFix', { status: first.status }), 30 * SECOND);
    expect(later.status.launch).toMatchObject({
      number: 2,
      failures: 1,
      cause: { kind: 'Refused', ref: '1' },
    });
  });

  test('for a quota that no memory has, as after an earlier release: it waits, and it is no failure', () => {
    const first = decideAt(refused('quota'));
    expect(conditionOf(first, 'Ready')).toMatchObject({ status: 'False', reason: 'QuotaExceeded' });
    expect(first.requeueAfterMs).toBe(30 * SECOND);
    const later = decideAt(refused('quota', { status: first.status }), 30 * SECOND);
    expect(later.status.launch).toMatchObject({ number: 2, failures: 0 });
  });

  test('is tried again as soon as a change of what is desired may go out', () => {
    const ended = decideAt(refused('userFix', {}, 5)).status;
    const changed = refused('userFix', {
      status: { ...ended, desired: desiredOf(2, 'b') },
      environment: environmentOf('b'),
    });
    expect(decideAt(changed).status.launch?.number).toBe(1);
    expect(decideAt(changed).requeueAfterMs).toBe(30 * SECOND);
    expect(decideAt(changed, 30 * SECOND).status.launch?.number).toBe(2);
  });

  test('while Stopped nothing follows it', () => {
    const { status, effect } = decideAt(refused('capacity', { spec: { operatingMode: 'Stopped' } }));
    expect(status.launch?.number).toBe(1);
    expect(effect).toBeUndefined();
  });
});

describe('an instance that ended unexpectedly', () => {
  function ended(more: Overrides = {}, launch = launchOf()) {
    const over = {
      ...launch,
      ended: { outcome: 'Ended' as const, at: stamp(0), message: 'Spot reclaimed' },
    };
    return factsOf({
      status: statusOf({ launch: over }),
      instances: [instanceOf(1, 'terminated')],
      heartbeats: quiet,
      ...more,
    });
  }

  test('is replaced after a pause; the reason and the time are shown', () => {
    const before = decideAt(ended());
    expect(before.status.launch?.number).toBe(1);
    expect(before.requeueAfterMs).toBe(30 * SECOND);
    expect(conditionOf(before, 'Ready')).toMatchObject({ status: 'False', reason: 'Restarting' });
    expect(conditionOf(before, 'Ready').message).toContain('Spot reclaimed. Replaced');
    const after = decideAt(ended(), 30 * SECOND);
    expect(after.effect).toEqual({ kind: 'RunInstances', number: 2, armed: true });
    expect(after.status.launch?.cause).toEqual({ kind: 'Ended', ref: '1' });
  });

  test.each([
    ['the database is away', { available: false, launches: [] }],
    ['too many of its class are silent', { ...quiet, massSilence: true }],
  ])('is replaced all the same while %s: EC2 proves it', (_why, heartbeats) => {
    const seen = decideAt(factsOf({ instances: [instanceOf(1, 'terminated')], heartbeats }));
    expect(seen.status.launch?.ended?.outcome).toBe('Ended');
    const { status, effect } = decideAt(ended({ heartbeats }), 30 * SECOND);
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'Ended', ref: '1' } });
    expect(effect).toEqual({ kind: 'RunInstances', number: 2, armed: true });
  });

  test('a person’s restart does not wait for that pause', () => {
    const { status } = decideAt(ended({ spec: { requests: { restart: 'now' } } }));
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart', ref: 'now' } });
  });

  test('soon after its first heartbeat, again and again, backs off all the same', () => {
    const shortLived = launchOf({ failures: 3, readyAt: stamp(-MINUTE) });
    expect(decideAt(ended({}, shortLived)).requeueAfterMs).toBe(240 * SECOND);
    const next = decideAt(ended({}, shortLived), 240 * SECOND);
    expect(next.status.launch).toMatchObject({ number: 2, failures: 4 });
  });

  test('after it served for longer than the longest pause, begins again', () => {
    const longLived = launchOf({
      failures: 3,
      readyAt: stamp(-15 * MINUTE),
      submittedAt: stamp(-20 * MINUTE),
    });
    expect(decideAt(ended({}, longLived)).requeueAfterMs).toBe(30 * SECOND);
    expect(decideAt(ended({}, longLived), 30 * SECOND).status.launch).toMatchObject({
      number: 2,
      failures: 1,
    });
  });

  test('is not replaced while the Workspace is paused', () => {
    const { status, effect } = decideAt(ended({ spec: { paused: true } }), 60 * MINUTE);
    expect(status.launch?.number).toBe(1);
    expect(effect).toBeUndefined();
  });
});

describe('pending is progressing', () => {
  const starting = (state: string, more: Overrides = {}, launch = booting()) =>
    factsOf({
      status: statusOf({ launch, instance: { id: 'i-1', state } }),
      instances: [instanceOf(1, state)],
      heartbeats: { ...quiet, since: NOW.mono - 60 * MINUTE },
      ...more,
    });
  const deadline = 14.5 * MINUTE;

  test.each(['pending', 'running', 'Unknown'])(
    '%s without a heartbeat is left alone until the deadline',
    (state) => {
      for (const ms of [0, MINUTE, 10 * MINUTE, deadline - 1]) {
        const { status, effect, requeueAfterMs } = decideAt(starting(state), ms);
        expect(effect).toBeUndefined();
        expect(status.launch?.number).toBe(1);
        expect(requeueAfterMs).toBe(deadline - ms);
      }
    },
  );

  test('past the deadline its console is read once, and the reason shown with the time of the replacement', () => {
    expect(decideAt(starting('running'), deadline).effect).toEqual({
      kind: 'ReadConsole',
      instanceID: 'i-1',
    });
    const read = starting('running', { process: { console: { 'i-1': 'disk full' } } });
    const decision = decideAt(read, deadline);
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBe(30 * SECOND);
    const { reason, message } = conditionOf(decision, 'Ready');
    expect(reason).toBe('StartupTimeout');
    expect(message).toContain('disk full');
    expect(message).toContain(stamp(deadline + 30 * SECOND));
  });

  test('a launch that timed out is replaced, once, for that end', () => {
    const read = starting('running', { process: { console: { 'i-1': '' } } });
    const decision = decideValidated(read, deadline + 30 * SECOND);
    expect(decision.status.launch).toMatchObject({
      number: 2,
      phase: 'Waiting',
      cause: { kind: 'TimedOut', ref: '1' },
      failures: 1,
    });
    expect(decision.status.history?.[0]).toMatchObject({ number: 1, outcome: 'TimedOut' });
    expect(decision.effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
  });

  test('a heartbeat that comes after the deadline but before that time saves it', () => {
    const heard = starting('running', { heartbeats: { ...quiet, launches: [heartbeatOf(1)] } });
    const decision = decideAt(heard, deadline + 10 * SECOND);
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(decision.status.launch?.number).toBe(1);
  });

  test('the pause before the replacement doubles from failure to failure', () => {
    const again = starting('running', { process: { console: { 'i-1': '' } } }, booting({ failures: 2 }));
    expect(decideAt(again, deadline).requeueAfterMs).toBe(120 * SECOND);
  });

  test('nothing times out while the evidence is missing', () => {
    const deaf = starting('running', { heartbeats: { available: false, launches: [] } });
    const { status, effect } = decideAt(deaf, 60 * MINUTE);
    expect(effect).toBeUndefined();
    expect(status.launch?.number).toBe(1);
  });

  test('nothing times out while too many of the class are silent for a boot to be blamed', () => {
    const mute = starting('running', { heartbeats: { ...quiet, since: 0, massSilence: true } });
    const { status, effect } = decideAt(mute, 60 * MINUTE);
    expect(effect).toBeUndefined();
    expect(status.launch?.number).toBe(1);
  });

  test('nothing times out before the evidence has been back for as long as a heartbeat may take', () => {
    const back = (agoMs: number) =>
      decideAt(
        starting('running', { heartbeats: { ...quiet, since: NOW.mono + 60 * MINUTE - agoMs } }),
        60 * MINUTE,
      );
    expect(back(89 * SECOND).effect).toBeUndefined();
    expect(back(89 * SECOND).requeueAfterMs).toBe(SECOND);
    expect(back(90 * SECOND).effect).toEqual({ kind: 'ReadConsole', instanceID: 'i-1' });
  });

  test('nothing times out while the Secrets never stand still for long enough to be served', () => {
    const restless = starting('running', {
      status: statusOf({
        desired: desiredOf(40, 'b', { at: stamp(20 * MINUTE - 20 * SECOND) }),
        launch: booting(),
        instance: { id: 'i-1', state: 'running' },
      }),
      environment: environmentOf('b'),
    });
    const decision = decideAt(restless, 20 * MINUTE);
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready').reason).toBe('SecretsUnstable');
    expect(decideAt(restless, 20 * MINUTE + 70 * SECOND).effect?.kind).toBe('ReadConsole');
  });

  test('what times out is not replaced while its replacement would be refused', () => {
    const read = starting('running', {
      process: { console: { 'i-1': '' } },
      environment: { kind: 'Missing', secrets: ['ada-env'] },
    });
    const { decision } = written(read, 20 * MINUTE);
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready').reason).toBe('SecretMissing');
  });
});
