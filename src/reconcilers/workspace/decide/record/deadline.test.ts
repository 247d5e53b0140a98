import { describe, expect, test } from 'vitest';
import { decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  environmentOf,
  factsOf,
  HOUR,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { plus } from '../../../../controller/lib/time.ts';
import { decide } from '../decide.ts';
import type { Facts, Now } from '../facts/facts.ts';
import { ledgerBetween } from '../report/ledger.ts';
import { trackDeadline, trackEnd } from './deadline.ts';

const DEADLINE = 14.5 * MINUTE;

/** A launch in its boot, as a process knows it that has followed it from NOW on. */
function followed(more: Overrides = {}, launch = booting()): Facts {
  const status = statusOf({ launch, instance: { id: 'i-1', state: 'running' } });
  return factsOf({
    status,
    instances: [instanceOf(1, 'running')],
    heartbeats: { available: true, since: NOW.mono - HOUR, launches: [] },
    ...more,
    process: { console: { 'i-1': '' }, deadline: trackDeadline(undefined, status, NOW), ...more.process },
  });
}

/** So long after NOW, by a wall clock that has jumped meanwhile. */
const jumped = (ms: number, byMs: number): Now => ({
  wall: plus(NOW.wall, ms + byMs),
  mono: plus(NOW.mono, ms),
});

describe('a wall clock that jumps', () => {
  test('ahead past the deadline times out no healthy boot', () => {
    for (const ms of [0, MINUTE, DEADLINE - 1]) {
      const { status, effect, requeueAfterMs } = decide(followed(), jumped(ms, HOUR));
      expect(status.launch?.number).toBe(1);
      expect(effect).toBeUndefined();
      expect(requeueAfterMs).toBe(DEADLINE - ms);
    }
  });

  test('ahead lets no change supersede a launch that progresses', () => {
    const changed = followed({ environment: environmentOf('b') });
    const status = { ...changed.workspace.status, desired: desiredOf(2, 'b') };
    const held = { id: 'i-1', state: 'running', env: desiredOf(1, 'a').env };
    const facts = {
      ...changed,
      workspace: { ...changed.workspace, status: { ...statusOf(), ...status, instance: held } },
    };
    const decision = decide(facts, jumped(MINUTE, HOUR));
    expect(decision.status.launch?.number).toBe(1);
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBe(DEADLINE - MINUTE);
    const ledger = ledgerBetween(facts.workspace.status, decision.status);
    expect(ledger).toMatchObject([{ kind: 'deferred', generation: 2 }]);
  });

  test('back prolongs no boot that hangs: it is replaced after the time it was given and the pause', () => {
    const at = (ms: number) => decide(followed(), jumped(ms, -24 * HOUR));
    const due = DEADLINE + 30_000;
    expect(at(due - 1).effect).toBeUndefined();
    expect(at(due - 1).requeueAfterMs).toBe(1);
    expect(at(due).effect?.kind).toBe('DryRun');
  });

  test('starts no instance a second time that was found stopped in its boot', () => {
    const stopping = followed(
      { instances: [instanceOf(1, 'stopped')] },
      booting({ after: { boot: 1 }, readyAt: undefined }),
    );
    expect(decide(stopping, jumped(MINUTE, HOUR)).status.launch?.deadline).toBe(stamp(DEADLINE));
  });
});

describe('a deadline on record', () => {
  const status = statusOf({ launch: booting() });

  test('is taken over once; what is left of it is counted by the monotonic clock', () => {
    const first = trackDeadline(undefined, status, NOW);
    expect(first).toEqual({ number: 1, deadline: stamp(DEADLINE), at: NOW.mono + DEADLINE });
    expect(trackDeadline(first, status, jumped(MINUTE, HOUR))).toEqual(first);
  });

  test('that a new one follows, by a start or with another launch, is the new one’s no more', () => {
    const first = trackDeadline(undefined, status, NOW);
    const started = statusOf({ launch: booting({ deadline: stamp(HOUR) }) });
    expect(trackDeadline(first, started, NOW)?.at).toBe(NOW.mono + HOUR);
    const second = statusOf({ launch: booting({ number: 2 }) });
    expect(trackDeadline(first, second, jumped(MINUTE, 0))?.number).toBe(2);
  });

  test('of a clock that was ahead gives a launch no more than it was to have', () => {
    const ahead = booting({ submittedAt: stamp(6 * HOUR), deadline: stamp(6 * HOUR + DEADLINE) });
    expect(trackDeadline(undefined, statusOf({ launch: ahead }), NOW)?.at).toBe(NOW.mono + DEADLINE);
  });

  test('that has passed when a process first sees it, has passed', () => {
    const late = followed({}, booting({ deadline: stamp(-MINUTE) }));
    expect(decideValidated(late).status.launch?.cause?.kind).toBe('TimedOut');
    expect(
      trackDeadline(undefined, statusOf({ launch: launchOf({ deadline: undefined }) }), NOW),
    ).toBeUndefined();
  });
});

describe('an end on record', () => {
  const PAUSE = 30 * 1000;
  const endedAt = (ms: number) =>
    statusOf({ launch: launchOf({ failures: 0, ended: { outcome: 'Ended', at: stamp(ms) } }) });

  test.each([
    ['of a clock that was ahead is paused for from when it was first seen', 6 * HOUR],
    ['is paused for from its stamp', 0],
  ])('%s', (_law, ms) => {
    const status = endedAt(ms);
    const ended = trackEnd(undefined, status, NOW);
    const numberAt = (later: number) =>
      decideValidated(
        factsOf({ status, instances: [], process: { ended: trackEnd(ended, status, jumped(later, later)) } }),
        later,
      ).status.launch?.number;
    expect([numberAt(PAUSE - 1), numberAt(PAUSE)]).toEqual([1, 2]);
  });
});
