import { describe, expect, test } from 'vitest';
import { decideAt, decideValidated, withStatus } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  envDigest,
  environmentOf,
  factsOf,
  instanceOf,
  launchOf,
  MINUTE,
  type Overrides,
  stamp,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { classContent } from '../../../../api/launch/machine.ts';
import { newContentsOf, replacementOf } from './replacement.ts';

const [a, b, c] = ['a', 'b', 'c'].map((content) => envDigest(content));
const OTHER = 'm1:own:other';
const before = { machine: 'm1:own:class', env: a };
const begun = { number: 2, since: stamp(-20 * MINUTE), slot: true, before };

/** Launch 2, for another machine and the environment b, whose instance was not heard by its deadline. */
function overdue(status: Partial<WorkspaceStatus> = {}, more: Overrides = {}) {
  const launch = booting({
    number: 2,
    generation: 2,
    machine: OTHER,
    deadline: stamp(-MINUTE),
    cause: { kind: 'ClassChanged', ref: '2' },
  });
  return factsOf({
    status: statusOf({
      launch,
      desired: desiredOf(3, 'b', { machine: OTHER, at: stamp(-10 * MINUTE) }),
      instance: { id: 'i-2', state: 'running' },
      replacement: begun,
      ...status,
    }),
    environment: environmentOf('b'),
    machine: OTHER,
    instances: [instanceOf(2, 'running')],
    heartbeats: { available: true, since: 0, launches: [] },
    process: { console: { 'i-2': '' } },
    ...more,
  });
}

describe('a replacement is on record', () => {
  test('from the write that gives up what serves, with what that served with', () => {
    const facts = factsOf({
      status: statusOf({ desired: desiredOf(2, 'b') }),
      environment: environmentOf('b'),
    });
    expect(decideValidated(facts).status.replacement).toEqual({
      number: 2,
      since: stamp(0),
      slot: true,
      before,
    });
  });

  test('there is none where a person asked for it, or an instance ended', () => {
    const restart = factsOf({ spec: { requests: { restart: 'now' } } });
    const ended = launchOf({ ended: { outcome: 'Ended', at: stamp(-MINUTE) } });
    const repair = factsOf({ status: statusOf({ launch: ended }), instances: [instanceOf(1, 'terminated')] });
    for (const facts of [restart, repair]) {
      const { status } = decideValidated(facts);
      expect(status.launch?.number).toBe(2);
      expect(status.replacement).toBeUndefined();
    }
  });

  test('until the Workspace serves, under any number and generation', () => {
    const { status } = decideValidated(overdue());
    expect(status.launch).toMatchObject({ number: 3, cause: { kind: 'TimedOut' } });
    expect(status.replacement).toMatchObject({ ...begun, failures: [{ number: 2 }] });
    const heard = [{ number: 3, env: b, alive: true, fresh: true }];
    const served = decideAt(
      factsOf({
        status: {
          ...status,
          launch: booting({ number: 3, generation: 3, machine: OTHER }),
          terminating: undefined,
        },
        environment: environmentOf('b'),
        machine: OTHER,
        instances: [instanceOf(3, 'running')],
        heartbeats: { available: true, since: 0, launches: heard },
      }),
    );
    expect(served.status.replacement).toEqual({
      number: 2,
      since: begun.since,
      slot: true,
      servedAt: stamp(0),
    });
  });

  test('holds no slot any more, and no failure, once a person stops it', () => {
    const failures = [{ number: 2, at: stamp(-MINUTE), contents: [] }];
    const status = { launch: waiting(3), replacement: { ...begun, failures } };
    const stopped = decideAt(overdue(status, { spec: { operatingMode: 'Stopped' } }));
    expect(stopped.status.replacement).toEqual({ ...begun, slot: false });
  });

  test('of an earlier release that went on from it is out of date, and not believed', () => {
    const past = (number: number, readyAt?: string) => ({
      number,
      generation: number,
      cause: { kind: 'SecretChanged' as const, ref: String(number) },
      outcome: 'Superseded' as const,
      endedAt: stamp(-MINUTE),
      readyAt,
    });
    const left = (launch: WorkspaceStatus['launch'], ...history: ReturnType<typeof past>[]) =>
      replacementOf(statusOf({ launch, history, desired: desiredOf(3, 'b'), replacement: begun }));
    const repair = waiting(3, { cause: { kind: 'Ended', ref: '2' } });
    expect(left(repair, past(2, stamp(-2 * MINUTE)))).toBeUndefined();
    expect(left(waiting(3), past(2, stamp(-2 * MINUTE)))).toMatchObject({ number: 3, slot: true });
    expect(left(repair, past(2))).toEqual(begun);
    expect(left(waiting(12), past(11), past(10), past(9), past(8), past(7))).toEqual(begun);
    expect(left(launchOf({ number: 2 }))).toBeUndefined();
  });

  test('of a stop and a start, after which it boots again, is over', () => {
    const over = { number: 2, since: begun.since, slot: true, servedAt: stamp(-10 * MINUTE) };
    const cause = { kind: 'SecretChanged' as const, ref: '2' };
    const launch = booting({ number: 2, cause, after: { boot: 3 } });
    expect(replacementOf(statusOf({ launch, replacement: over }))).toBeUndefined();
  });
});

/** Late by so little that its repair has yet to wait. */
const late = booting({
  number: 2,
  generation: 2,
  machine: OTHER,
  submittedAt: stamp(-15 * MINUTE),
  deadline: stamp(-1000),
  cause: { kind: 'ClassChanged', ref: '2' },
});

describe('a launch that failed speaks against', () => {
  const blamed = (facts: ReturnType<typeof overdue>) =>
    decideValidated(facts).status.replacement?.failures?.[0]?.contents;

  test('the class’s content alone, where the instance never fetched its environment', () => {
    expect(blamed(overdue())).toEqual([classContent(OTHER)]);
  });

  test('both, where it did', () => {
    const rows = { available: true, since: 0, launches: [{ number: 2, env: b, alive: false, fresh: false }] };
    expect(blamed(overdue({}, { heartbeats: rows }))).toEqual([classContent(OTHER), b]);
  });

  test('the environment that it fetched, though a newer one is desired', () => {
    const rows = { available: true, since: 0, launches: [{ number: 2, env: c, alive: false, fresh: false }] };
    expect(blamed(overdue({}, { heartbeats: rows }))).toContain(c);
  });

  test('the environment, where nothing else is new', () => {
    const same = overdue({ replacement: { ...begun, before: { machine: OTHER, env: a } } });
    expect(blamed(same)).toEqual([b]);
  });

  test('nothing that others have, where only its own instance type is new', () => {
    const status = { replacement: { ...begun, before: { machine: OTHER, env: b } } };
    expect(blamed(overdue(status))).toEqual([]);
  });

  test('what was new, also where a restart or another machine comes in the pause before its repair', () => {
    const restarted = decideValidated(
      overdue({ launch: late }, { spec: { requests: { restart: 'again' } } }),
    );
    expect(restarted.status.launch?.cause?.kind).toBe('Restart');
    const own = { machine: 'm1:another:other', cause: 'SpecChanged', at: stamp(-5 * MINUTE) };
    const desired = desiredOf(4, 'b', own);
    const edited = decideValidated(overdue({ launch: late, desired }, { machine: desired.machine }));
    expect(edited.status.launch?.cause?.kind).toBe('SpecChanged');
    for (const { status } of [restarted, edited])
      expect(status.replacement?.failures).toEqual([
        { number: 2, at: stamp(0), contents: [classContent(OTHER)] },
      ]);
  });

  test('the Workspace alone, where what it was to be served had just changed again', () => {
    const desired = desiredOf(4, 'b', { machine: 'm1:another:other', cause: 'SpecChanged' });
    const { status } = decideValidated(overdue({ launch: late, desired }, { machine: desired.machine }));
    expect(status.launch?.cause?.kind).toBe('SpecChanged');
    expect(status.replacement?.failures).toEqual([{ number: 2, at: stamp(0), contents: [] }]);
  });

  test('nothing, where a restart comes before its deadline or it could not have been heard', () => {
    const launch = booting({ number: 2, generation: 2, machine: OTHER, deadline: stamp(MINUTE) });
    const again = { spec: { requests: { restart: 'again' } } };
    const early = overdue({ launch }, again);
    const heartbeats = { available: true, since: 0, massSilence: true, launches: [] };
    const unheard = overdue({}, { ...again, heartbeats });
    for (const { status } of [early, unheard].map((facts) => decideValidated(facts))) {
      expect(status.launch?.cause?.kind).toBe('Restart');
      expect(status.replacement?.failures).toBeUndefined();
    }
  });

  test('its environment alone, where it failed twice with that before the class changed', () => {
    const failures = [3, 2].map((number) => ({ number, at: stamp(-number * MINUTE), contents: [b ?? ''] }));
    const launch = booting({ number: 4, generation: 3, machine: OTHER, deadline: stamp(-MINUTE) });
    const replacement = { ...begun, failures };
    const more = { instances: [instanceOf(4, 'running')], process: { console: { 'i-4': '' } } };
    const instance = { id: 'i-4', state: 'running' as const };
    expect(blamed(overdue({ launch, instance, replacement }, more))).toEqual([b]);
  });

  test('each once, and the newest eight are kept', () => {
    const failures = [9, 8, 7, 6, 5, 4, 3, 2].map((number) => ({ number, at: stamp(-MINUTE), contents: [] }));
    const launch = booting({ number: 10, machine: OTHER, deadline: stamp(-MINUTE), failures: 0 });
    const facts = overdue(
      { launch, instance: { id: 'i-10', state: 'running' }, replacement: { ...begun, failures } },
      { instances: [instanceOf(10, 'running')], process: { console: { 'i-10': '' } } },
    );
    const { status } = decideValidated(facts);
    expect(status.replacement?.failures?.map(({ number }) => number)).toEqual([10, 9, 8, 7, 6, 5, 4, 3]);
    expect(decideAt(withStatus(facts, status)).status.replacement).toEqual(status.replacement);
  });
});

test('all contents that it did not serve with are new, not only those of the last change', () => {
  const own = desiredOf(4, 'c', { machine: 'm1:another:other', cause: 'SpecChanged' });
  const status = statusOf({ launch: waiting(3), desired: own, replacement: begun });
  expect(newContentsOf(status, begun)).toEqual([classContent(OTHER), c]);
});
