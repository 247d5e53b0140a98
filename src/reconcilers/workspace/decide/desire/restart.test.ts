import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  environmentOf,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  type Overrides,
  SECOND,
  silenceOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';

describe('a person’s restart', () => {
  const asked = (value: string, more: Overrides = {}) =>
    factsOf({ spec: { requests: { restart: value } }, ...more });

  test('happens at once, inside the window and during the boot', () => {
    const status = statusOf({ launch: booting() });
    const decision = decideValidated(
      asked('now', { status, heartbeats: { available: true, since: 0, launches: [] } }),
    );
    expect(decision.status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart', ref: 'now' } });
    expect(decision.status.handled).toEqual({ restart: 'now' });
  });

  test('is answered by the restart that still boots', () => {
    const launch = booting({ number: 2, cause: { kind: 'Restart', ref: 'before' } });
    const status = statusOf({
      launch,
      handled: { restart: 'before' },
      restarts: { count: 1, at: stamp(-SECOND) },
    });
    const facts = {
      instances: [instanceOf(2, 'running')],
      heartbeats: { available: true, since: 0, launches: [] },
    };
    const decision = decideValidated(asked('now', { status, ...facts }));
    expect(decision.status.launch).toMatchObject({ number: 2 });
    expect(decision.status.handled).toEqual({ restart: 'now' });
    expect(decision.effect).toBeUndefined();
  });

  test('is not answered by an instance that is started again: that is no new one', () => {
    const launch = launchOf({
      cause: { kind: 'Restart', ref: 'before' },
      readyAt: undefined,
      after: { boot: 1 },
    });
    const status = statusOf({ launch, handled: { restart: 'before' } });
    const heartbeats = { available: true, since: 0, launches: [heartbeatOf(1, { boot: 1 })] };
    expect(decideValidated(asked('now', { status, heartbeats })).status.launch?.number).toBe(2);
  });

  test.each([
    [1, 30 * SECOND],
    [2, MINUTE],
    [5, 8 * MINUTE],
    [6, 15 * MINUTE],
    [900, 15 * MINUTE],
  ])('after %i in a row the next one waits %i ms since the last, and says until when', (count, pause) => {
    const restarts = { count, at: stamp(-10 * SECOND) };
    const status = statusOf({ handled: { restart: 'before' }, restarts });
    const waits = decideValidated(asked('now', { status, metadata: { generation: 2 } }));
    const next = stamp(pause - 10 * SECOND);
    expect(waits.status.launch?.number).toBe(1);
    expect(waits.status.restarts).toEqual({ ...restarts, next });
    expect(waits.requeueAfterMs).toBe(pause - 10 * SECOND);
    expect(waits.status.observedGeneration).toBe(2);
    expect(conditionOf(waits, 'UpToDate')).toMatchObject({ status: 'False', reason: 'RestartBackOff' });
    expect(conditionOf(waits, 'UpToDate').message).toContain(next);
    expect(waits.events.map(({ reason }) => reason)).toEqual(['RestartBackOff']);
    expect(decideValidated(asked('now', { status: waits.status }), SECOND).events).toEqual([]);
    const due = decideValidated(asked('now', { status: waits.status }), pause - 10 * SECOND);
    expect(due.status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart', ref: 'now' } });
    expect(due.status.restarts).toEqual({ count: Math.min(count + 1, 1000), at: stamp(pause - 10 * SECOND) });
  });

  test('is the first again after twice the longest pause, and where the clock was set back it does not wait', () => {
    for (const [at, count] of [
      [stamp(-30 * MINUTE), 1],
      [stamp(HOUR), 8],
    ] as const) {
      const status = statusOf({ handled: { restart: 'before' }, restarts: { count: 7, at } });
      expect(decideValidated(asked('now', { status })).status.restarts).toEqual({ count, at: stamp(0) });
    }
  });

  test('that waits is carried out with any earlier replacement of the instance', () => {
    const restarts = { count: 4, at: stamp(-SECOND), next: stamp(4 * MINUTE) };
    const facts = asked('now', {
      status: statusOf({ desired: desiredOf(2, 'b'), handled: { restart: 'before' }, restarts }),
      environment: environmentOf('b'),
    });
    const { status } = decideValidated(facts);
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'SecretChanged' } });
    expect(status.handled).toEqual({ restart: 'now' });
    expect(status.restarts).toEqual({ count: 4, at: stamp(-SECOND) });
  });

  test('each value is answered once, however often it is seen', () => {
    const first = decideValidated(asked('now'));
    const answered = launchOf({ number: 2, generation: 1 });
    const status = statusOf({ ...first.status, launch: answered, terminating: undefined });
    const again = decideAt(
      asked('now', {
        status,
        instances: [instanceOf(2, 'running')],
        heartbeats: { available: true, since: 0, launches: [heartbeatOf(2)] },
      }),
    );
    expect(again.effect).toBeUndefined();
    expect(again.status.launch?.number).toBe(2);
  });

  test('is answered while too many of the class are silent: that is a person’s way out', () => {
    const heartbeats = {
      available: true,
      since: 0,
      massSilence: true,
      launches: [heartbeatOf(1, { fresh: false })],
    };
    const { status } = decideValidated(
      asked('now', { heartbeats, process: { silence: silenceOf(1, HOUR) } }),
    );
    expect(status.launch).toMatchObject({ number: 2, cause: { kind: 'Restart', ref: 'now' } });
  });

  test('removing it asks for nothing', () => {
    const { effect, status } = decideAt(factsOf({ status: statusOf({ handled: { restart: 'now' } }) }));
    expect(effect).toBeUndefined();
    expect(status.handled).toEqual({ restart: 'now' });
  });

  test('joins a launch that is about to be made for another reason', () => {
    const facts = asked('now', {
      status: statusOf({ desired: desiredOf(2, 'b') }),
      environment: environmentOf('b'),
    });
    const { status } = decideValidated(facts);
    expect(status.launch).toMatchObject({ number: 2, generation: 2 });
    expect(status.handled).toEqual({ restart: 'now' });
  });

  test('waits while the Workspace is paused, says so, and is answered afterwards', () => {
    const paused = decideAt(asked('now', { spec: { paused: true, requests: { restart: 'now' } } }));
    expect(paused.effect).toBeUndefined();
    expect(paused.status.handled).toEqual({});
    expect(conditionOf(paused, 'UpToDate')).toMatchObject({ status: 'False', reason: 'Paused' });
    expect(conditionOf(paused, 'Ready').status).toBe('True');
    expect(decideValidated(asked('now', { status: paused.status })).status.launch?.number).toBe(2);
  });

  test('set while Stopped counts as answered', () => {
    const stopped = asked('now', { spec: { operatingMode: 'Stopped', requests: { restart: 'now' } } });
    const { status, effect } = decideAt(stopped);
    expect(status.handled).toEqual({ restart: 'now' });
    expect(status.launch).toMatchObject({ number: 1, phase: 'Stopped' });
    expect(effect).toEqual({ kind: 'StopInstances', ids: ['i-1'] });
  });
});
