import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../test/support/decisions.ts';
import {
  booting,
  desiredOf,
  environmentOf,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  launchOf,
  type Overrides,
  silenceOf,
  statusOf,
} from '../../../../test/support/facts.ts';

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
