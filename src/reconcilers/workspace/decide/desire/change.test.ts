import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  decideAt,
  decideValidated,
  withStatus,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  envDigest,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MACHINE,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';

/** Content `b` is desired as generation 2; the instance of launch 1 holds `a`. */
function outdated(more: Overrides = {}, launch = launchOf()) {
  return factsOf({
    status: statusOf({ desired: desiredOf(2, 'b', { changed: ['ada-env/KEY'] }), launch }),
    environment: environmentOf('b'),
    ...more,
  });
}

describe('a change of what a running instance holds', () => {
  test('is validated by a dry run before anything is written', () => {
    const { status, effect } = decideAt(outdated());
    expect(effect).toMatchObject({ kind: 'DryRun', params: { instanceType: 'm7i.large' } });
    expect(status.launch?.number).toBe(1);
    expect(status.terminating).toBeUndefined();
  });

  test('supersedes the launch: the next number waits, the old instance is ended', () => {
    const { status, effect } = decideValidated(outdated());
    expect(status.launch).toMatchObject({
      number: 2,
      generation: 2,
      phase: 'Waiting',
      cause: { kind: 'SecretChanged', ref: '2' },
    });
    expect(status.launch?.instanceID).toBeUndefined();
    expect(status.terminating).toEqual([{ number: 1, instanceID: 'i-1' }]);
    expect(status.history?.[0]).toMatchObject({ number: 1, outcome: 'Superseded' });
    expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
  });

  test('is one number, however many generations it took', () => {
    const facts = outdated({ status: statusOf({ desired: desiredOf(9, 'b') }) });
    expect(decideValidated(facts).status.launch).toMatchObject({ number: 2, generation: 9 });
  });

  test('is none when the content came back to what the instance holds', () => {
    const back = factsOf({ status: statusOf({ desired: desiredOf(3, 'a') }) });
    const { status, effect } = decideAt(back);
    expect(effect).toBeUndefined();
    expect(status.launch).toMatchObject({ number: 1, generation: 3 });
  });

  test('is none while it is being taken back: the content of the instance has yet to stand still', () => {
    const recorded = { env: envDigest('b'), machine: MACHINE };
    const pending = { recorded, env: envDigest('a'), machine: MACHINE, changed: [] };
    const change = { ...pending, since: NOW.mono - SECOND, burstSince: NOW.mono - SECOND };
    const back = outdated({ environment: environmentOf('a'), process: { change } });
    const { status, requeueAfterMs } = decideValidated(back);
    expect(status.launch?.number).toBe(1);
    expect(requeueAfterMs).toBeLessThanOrEqual(2 * SECOND);
    // Another content is no way back: the change goes on, and takes that one along.
    const other = { ...change, env: envDigest('c') };
    const on = outdated({ environment: environmentOf('c'), process: { change: other } });
    expect(decideValidated(on).status.launch?.number).toBe(2);
  });

  test('is none when only the key of the digest is another', () => {
    const rotated = factsOf({
      status: statusOf({ desired: { ...desiredOf(2, 'a'), env: envDigest('a', 'k2') } }),
      environment: environmentOf('a', ['k1', 'k2']),
    });
    expect(decideAt(rotated).effect).toBeUndefined();
    expect(decideAt(rotated).status.launch?.number).toBe(1);
  });
});

describe('a change while the launch is young or progresses is deferred, never dropped', () => {
  const young = () =>
    outdated({}, launchOf({ submittedAt: stamp(-40 * SECOND), readyAt: stamp(-10 * SECOND) }));

  test('it says until when, counts it once, and looks again then', () => {
    const decision = decideAt(young());
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBe(20 * SECOND);
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'Deferred' });
    expect(conditionOf(decision, 'UpToDate').message).toContain(stamp(20 * SECOND));
    expect(conditionOf(decision, 'UpToDate').message).toContain('ada-env/KEY');
    const deferred = { kind: 'deferred', generation: 2, cause: 'SecretChanged', until: stamp(20 * SECOND) };
    expect(decision.ledger).toEqual([deferred]);
    expect(decision.events).toContainEqual(expect.objectContaining({ reason: 'Deferred' }));
    const again = decideAt(
      young().workspace.status
        ? { ...young(), workspace: { ...young().workspace, status: decision.status } }
        : young(),
      SECOND,
    );
    expect(again.ledger).toEqual([]);
    expect(again.events).toEqual([]);
  });

  test('status has it, and lets go of it when it is carried out', () => {
    const { status } = decideAt(young());
    expect(status.deferred).toEqual({ generation: 2, until: stamp(20 * SECOND) });
    expect(decideValidated(withStatus(young(), status), 20 * SECOND).status.deferred).toBeUndefined();
  });

  test('one that an earlier release wrote is completed once, and has no second event', () => {
    const { deferred, ...older } = decideAt(young()).status;
    const upgraded = decideAt(withStatus(young(), older));
    expect(upgraded.status).toEqual({ ...older, deferred });
    expect([...upgraded.events, ...upgraded.ledger]).toEqual([]);
    const { status, events, ledger } = decideAt(withStatus(young(), upgraded.status));
    expect(status).toEqual(upgraded.status);
    expect([...events, ...ledger]).toEqual([]);
  });

  test('an earlier release finds the generation and the time in the words that it knows', () => {
    const { message } = conditionOf(decideAt(young()), 'UpToDate');
    const words = /\(generation (\d+)\).* is carried out at (\S+) at the latest: /s;
    expect(words.exec(message)?.slice(1)).toEqual(['2', stamp(20 * SECOND)]);
  });

  test('a change that was deferred counts once its time has come', () => {
    expect(decideValidated(young(), 20 * SECOND - 1).status.launch?.number).toBe(1);
    expect(decideValidated(young(), 20 * SECOND).status.launch).toMatchObject({
      number: 2,
      cause: { kind: 'SecretChanged', ref: '2' },
    });
  });

  test('a launch that holds an older environment and was not heard of yet is not superseded before its deadline', () => {
    const starting = outdated(
      {
        heartbeats: { available: true, since: 0, launches: [heartbeatOf(1, { alive: false, fresh: false })] },
      },
      booting({ submittedAt: stamp(-2 * MINUTE), deadline: stamp(13 * MINUTE) }),
    );
    const decision = decideAt(starting);
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'UpToDate').reason).toBe('Deferred');
    expect(conditionOf(decision, 'UpToDate').message).toContain('still starting');
    expect(decideValidated(starting, 13 * MINUTE).status.launch?.number).toBe(2);
  });

  test('a change before the environment is fetched costs nothing: the instance binds late', () => {
    const unbound = outdated(
      {
        status: statusOf({
          desired: desiredOf(2, 'b'),
          launch: booting(),
          instance: { id: 'i-1', state: 'pending' },
        }),
        instances: [instanceOf(1, 'pending')],
        heartbeats: { available: true, since: 0, launches: [] },
      },
      booting(),
    );
    const decision = decideAt(unbound);
    expect(decision.status.launch?.number).toBe(1);
    expect(decision.effect).toBeUndefined();
    expect(decision.ledger).toEqual([]);
    expect(conditionOf(decision, 'UpToDate').reason).not.toBe('Deferred');
  });
});

describe('a change while EC2 does not show the instance', () => {
  const unseen = (more: Overrides = {}) =>
    outdated({ instances: [instanceOf(1, 'running', { missing: true })], ...more });

  test('waits until it is found again, or proven gone: Unknown is progressing', () => {
    const decision = decideValidated(unseen());
    expect(decision.status.launch?.number).toBe(1);
    expect(decision.effect).toBeUndefined();
    expect(conditionOf(decision, 'UpToDate').status).toBe('False');
    expect(decideValidated(outdated()).status.launch?.number).toBe(2);
  });

  test('a person’s restart does not wait', () => {
    const { status } = decideValidated(unseen({ spec: { requests: { restart: 'now' } } }));
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart', ref: 'now' } });
  });
});
