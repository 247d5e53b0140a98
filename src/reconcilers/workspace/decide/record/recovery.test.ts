import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  decideAt,
  decideValidated,
  withStatus,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  doubtful,
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
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import { ABANDON_ANNOTATION } from '../../../../api/base/meta.ts';

const tLate = 2 * MINUTE;
const tShown = tLate + 5 * MINUTE;
const quiet = { available: true, since: 0, launches: [] };

/** The finalizer is there and the status is not; first seen eight minutes ago, swept since. */
function wiped(more: Overrides = {}, suspectFor = 8 * MINUTE, sweptAgo = SECOND) {
  return factsOf({
    status: undefined,
    spec: { requests: { restart: 'old' } },
    instances: [],
    heartbeats: quiet,
    sweptAt: NOW.mono - sweptAgo,
    ...more,
    process: { suspectSince: NOW.mono - suspectFor, wrote: false, ...more.process },
  });
}

describe('until a whole sweep begun T_late and T_vis after the loss was first seen', () => {
  const early: [string, number, number][] = [
    ['the sweep is older than the loss', tShown + MINUTE, tShown + 2 * MINUTE],
    ['the sweep began a moment too early', tShown + SECOND, SECOND + 1],
    ['the loss was seen just now', 0, 0],
  ];
  const losses: [string, Overrides][] = [
    ['wiped', {}],
    ['wiped, with an instance', { instances: [instanceOf(5, 'running')] }],
    ['rolled back below an instance', { status: statusOf(), instances: [instanceOf(5, 'running')] }],
    ['rolled back, with a launch in doubt', { status: statusOf({ launch: doubtful() }) }],
    [
      'rolled back, with a launch to arm',
      { status: statusOf({ desired: desiredOf(2, 'a'), launch: waiting(2), terminating: undefined }) },
    ],
    ['wiped and being deleted', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ];
  describe.each(early)('%s', (_when, suspectFor, sweptAgo) => {
    test.each(losses)('%s: nothing is launched, adopted, ended or let go', (_what, more) => {
      const facts = wiped(more, suspectFor, sweptAgo);
      const decision = decideAt(facts);
      expect(decision.effect).toBeUndefined();
      expect(decision.status.launch).toEqual(facts.workspace.status?.launch);
      expect(decision.settled).toBeUndefined();
      expect(decision.requeueAfterMs).toBeGreaterThan(0);
      expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'StatusLost' });
    });
  });
});

test('a loss seen in an earlier term is waited for again: another may have launched in between', () => {
  const decision = decideAt(wiped({ process: { termAt: NOW.mono - MINUTE } }));
  expect(decision.settled).toBeUndefined();
  expect(decision.effect).toBeUndefined();
  expect(decision.requeueAfterMs).toBe(tShown - MINUTE);
});

describe('once a loss is certain', () => {
  test('when EC2 shows none, the launches begin again, with the present request as answered', () => {
    const { status, effect, settled } = decideAt(wiped());
    expect(settled).toBe(true);
    expect(status.handled).toEqual({ restart: 'old' });
    expect(status.launch).toMatchObject({ number: 1, cause: { kind: 'Created', ref: '1' } });
    expect(effect).toEqual({ kind: 'RunInstances', number: 1, armed: true });
  });

  const found = (more: Overrides = {}) =>
    wiped({
      instances: [instanceOf(3, 'running', { generation: 2 }), instanceOf(5, 'running', { generation: 7 })],
      heartbeats: { ...quiet, launches: [heartbeatOf(5)] },
      ...more,
    });

  test('the highest number is adopted, its present request as answered, and lower ones are ended', () => {
    const { status, effect } = decideAt(found());
    expect(status.launch).toMatchObject({ number: 5, phase: 'Submitted', instanceID: 'i-5' });
    expect(status.handled).toEqual({ restart: 'old' });
    expect(status.terminating).toEqual([{ number: 3, instanceID: 'i-3' }]);
    expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-3'] });
  });

  test('what is desired has a generation above its tag’s, and an instance that holds it is current', () => {
    const { status } = decideAt(found());
    expect(status.desired?.generation).toBe(8);
    expect(status.launch?.generation).toBe(8);
  });

  test('an adopted instance that holds an older environment is brought up to date, once', () => {
    const facts = found({
      instances: [instanceOf(5, 'running', { generation: 7 })],
      environment: environmentOf('b'),
    });
    const adopted = decideAt(facts);
    const next = decideValidated(
      withStatus({ ...facts, process: { ...facts.process, suspectSince: undefined } }, adopted.status),
    );
    expect(next.status.launch).toMatchObject({ number: 6, generation: 8, cause: { ref: '8' } });
    expect(next.status.desired?.generation).toBe(8);
  });

  test('its parameters are unknown: a change of the class from then on replaces it, once', () => {
    const facts = found({ instances: [instanceOf(5, 'running', { generation: 7 })] });
    const adopted = decideAt(facts).status;
    const machine = 'm1:own:changed';
    const change = {
      recorded: { env: envDigest('a'), machine: MACHINE },
      env: envDigest('a'),
      machine,
      since: NOW.mono - MINUTE,
      burstSince: NOW.mono - MINUTE,
      changed: [],
    };
    const process = { ...facts.process, suspectSince: undefined, change };
    const next = decideValidated(withStatus({ ...facts, machine, process }, adopted));
    expect(next.status.launch).toMatchObject({ number: 6, cause: { kind: 'ClassChanged', ref: '9' } });
  });

  test('it is current under any key of its digest', () => {
    const decision = decideAt(
      found({
        instances: [instanceOf(5, 'running')],
        heartbeats: { ...quiet, launches: [heartbeatOf(5, { env: envDigest('a', 'k1') })] },
        environment: environmentOf('a', ['k1', 'k2']),
      }),
    );
    expect(decision.status.desired?.env).toBe(envDigest('a', 'k2'));
    expect(conditionOf(decision, 'UpToDate').status).toBe('True');
    expect(decision.effect).toBeUndefined();
  });

  test('a number that ended is not used again: its end is what the next one spends', () => {
    const { status } = decideAt(wiped({ instances: [instanceOf(5, 'terminated')] }));
    expect(status.launch).toMatchObject({ number: 6, cause: { kind: 'Ended', ref: '5' } });
    expect(status.history?.[0]).toMatchObject({ number: 5, outcome: 'Ended' });
  });

  test('a status that was rolled back continues above what it was rolled back from', () => {
    const { status } = decideAt(
      found({
        status: statusOf({ desired: desiredOf(4, 'a'), launch: launchOf({ number: 4, generation: 4 }) }),
      }),
    );
    expect(status.launch?.number).toBe(5);
    expect(status.desired?.generation).toBe(8);
  });

  test('a rollback that lost no number goes on where it stands', () => {
    const { status, settled, effect } = decideAt(
      wiped({
        status: statusOf(),
        spec: {},
        instances: [instanceOf(1, 'running')],
        heartbeats: { ...quiet, launches: [heartbeatOf(1)] },
      }),
    );
    expect(settled).toBe(true);
    expect(status.launch?.number).toBe(1);
    expect(effect).toBeUndefined();
  });
});

test('a Workspace of which everything is lost can be let go by hand', () => {
  const abandoned = wiped(
    {
      metadata: {
        deletionTimestamp: '2026-01-01T00:00:00Z',
        annotations: { [ABANDON_ANNOTATION]: 'true' },
      },
      sweptAt: undefined,
    },
    0,
  );
  expect(decideAt(abandoned).effect).toEqual({ kind: 'RemoveFinalizer' });
});
