import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, written } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  type Overrides,
  silenceOf,
  stamp,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';

const heard = (...launches: ReturnType<typeof heartbeatOf>[]) => ({ available: true, since: 0, launches });
const away = { available: false, launches: [] };
/** It has not been heard for two minutes, the class's timeout not counted. */
const silent = {
  heartbeats: heard(heartbeatOf(1, { fresh: false })),
  process: { silence: silenceOf(1, 2 * MINUTE), console: { 'i-1': '' } },
};
const readyOf = (more: Overrides) => conditionOf(decideAt(factsOf(more)), 'Ready');

/** The status as it is once the Workspace is Ready, conditions and all. */
const settled = () => written(factsOf()).status;

describe('Ready', () => {
  test('is True while the instance of the present launch runs and is heard', () => {
    expect(readyOf({})).toMatchObject({ status: 'True', reason: 'Ready' });
  });

  test.each<[string, Overrides, string]>([
    [
      'it is pending',
      { instances: [instanceOf(1, 'pending')], status: statusOf({ launch: booting() }), heartbeats: heard() },
      'Launching',
    ],
    ['it was not heard yet', { status: statusOf({ launch: booting() }), heartbeats: heard() }, 'Booting'],
    ['it fell silent', silent, 'HeartbeatLost'],
    [
      'it is stopping, and the operator did not ask for it',
      { instances: [instanceOf(1, 'stopping')] },
      'HeartbeatLost',
    ],
    [
      'only the launch before it is heard',
      {
        status: statusOf({ launch: booting({ number: 2 }) }),
        instances: [instanceOf(2, 'running'), instanceOf(1, 'terminated')],
        heartbeats: heard(heartbeatOf(1)),
      },
      'Booting',
    ],
    [
      'its launch waits for the end of the one before, which is heard',
      { status: statusOf({ launch: waiting(2), terminating: [{ number: 1, instanceID: 'i-1' }] }) },
      'Restarting',
    ],
  ])('is False while %s', (_why, more, reason) => {
    expect(readyOf(more)).toMatchObject({ status: 'False', reason });
  });

  test('a booting launch says by when it must have been heard', () => {
    const { message } = readyOf({ status: statusOf({ launch: booting() }), heartbeats: heard() });
    expect(message).toContain('i-1');
    expect(message).toContain(stamp(14.5 * MINUTE));
  });
});

describe('missing evidence changes no verdict', () => {
  test.each<[string, Overrides]>([
    ['heartbeats can not be read', { heartbeats: away }],
    ['EC2 does not show the instance', { instances: [instanceOf(1, 'running', { missing: true })] }],
    ['this process has seen nothing yet', { heartbeats: away, instances: [], sweptAt: undefined }],
  ])('for good: Ready stays while %s', (_what, more) => {
    const { status, effect, events } = decideAt(factsOf({ status: settled(), ...more }));
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    expect(effect).toBeUndefined();
    expect(events).toEqual([]);
  });

  test('a Workspace that was not Ready does not become Ready', () => {
    const lost = decideAt(factsOf({ status: settled(), ...silent }));
    const blind = decideAt(factsOf({ status: lost.status, heartbeats: away }));
    expect(conditionOf(blind, 'Ready')).toEqual(conditionOf(lost, 'Ready'));
  });

  test('EC2’s own word on an instance counts without heartbeats', () => {
    const stopped = decideAt(
      factsOf({ status: settled(), heartbeats: away, instances: [instanceOf(1, 'stopped')] }),
    );
    expect(conditionOf(stopped, 'Ready').status).toBe('False');
  });

  test('a verdict on the launch before says nothing of this one', () => {
    const decision = decideAt(
      factsOf({
        status: { ...settled(), launch: booting({ number: 2 }) },
        instances: [instanceOf(2, 'running')],
        heartbeats: away,
      }),
    );
    expect(conditionOf(decision, 'HeartbeatHealthy')).toMatchObject({ status: 'Unknown' });
    expect(conditionOf(decision, 'Ready').status).toBe('False');
  });
});

describe('transitions', () => {
  test('each of Ready is one event of its reason, and its time is that of the change of status', () => {
    const lost = factsOf({ status: settled(), ...silent });
    const decision = decideAt(lost, MINUTE);
    expect(decision.events).toEqual([expect.objectContaining({ type: 'Warning', reason: 'HeartbeatLost' })]);
    expect(conditionOf(decision, 'Ready').lastTransitionTime).toBe(stamp(MINUTE));
    const again = decideAt(factsOf({ status: decision.status, ...silent }), 2 * MINUTE);
    expect(again.events).toEqual([]);
    expect(again.status).toEqual(decision.status);
  });

  test('a blocker of a change has one event though Ready stays', () => {
    const blocked = { status: settled(), environment: { kind: 'Missing' as const, secrets: ['ada-env'] } };
    const decision = decideAt(factsOf(blocked));
    expect(conditionOf(decision, 'Ready').status).toBe('True');
    expect(decision.events).toEqual([expect.objectContaining({ type: 'Warning', reason: 'SecretMissing' })]);
    expect(decideAt(factsOf({ ...blocked, status: decision.status })).events).toEqual([]);
  });

  test.each(['EnvironmentTooLarge', 'SecretRefused'] as const)(
    'an environment that is not for an instance is said (%s), and the present instance serves on',
    (reason) => {
      const environment = { kind: 'Unusable' as const, reason, message: 'Do this.' };
      const { status, effect, events } = decideAt(factsOf({ status: settled(), environment }));
      expect(status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
      const verdict = { status: 'False', reason, message: 'Do this.' };
      for (const aspect of ['UpToDate', 'SecretsSynced'])
        expect(status.conditions?.find(({ type }) => type === aspect)).toMatchObject(verdict);
      expect([effect, status.desired]).toEqual([undefined, settled().desired]);
      expect(events).toEqual([expect.objectContaining({ type: 'Warning', reason })]);
    },
  );

  test('Secrets that were left unread for want of a class are no news, and no reason to look again', () => {
    const decision = decideAt(
      factsOf({ status: settled(), class: undefined, environment: { kind: 'Unread' } }),
    );
    expect(conditionOf(decision, 'SecretsSynced')).toMatchObject({ status: 'True', reason: 'Synced' });
    expect(decision.requeueAfterMs).toBeUndefined();
    const first = decideAt(factsOf({ status: undefined, class: undefined, environment: { kind: 'Unread' } }));
    expect(conditionOf(first, 'SecretsSynced')).toMatchObject({ status: 'Unknown', reason: 'Unread' });
  });

  test('a new generation of the spec is observed in every condition', () => {
    const decision = decideAt(factsOf({ status: settled(), metadata: { generation: 5 } }));
    expect(decision.status.observedGeneration).toBe(5);
    for (const condition of decision.status.conditions ?? []) expect(condition.observedGeneration).toBe(5);
  });
});

describe('in steady state', () => {
  test('there is nothing to write, to do, to say, or to wait for', () => {
    const status = settled();
    const decision = decideAt(factsOf({ status }), 60 * MINUTE);
    expect(decision).toMatchObject({ status, events: [], ledger: [] });
    expect(decision.effect).toBeUndefined();
    expect(decision.requeueAfterMs).toBeUndefined();
  });

  test('a later heartbeat is no news', () => {
    const later = factsOf({
      status: settled(),
      heartbeats: heard(heartbeatOf(1, { lastHeartbeatAt: Date.parse(stamp(MINUTE)) })),
    });
    expect(decideAt(later).status).toEqual(later.workspace.status);
  });
});

describe('what else is shown', () => {
  test('SecretsSynced names each variable that is left out, and why', () => {
    const environment = environmentOf('a');
    if (environment.kind !== 'Merged') throw new Error('an environment that was read is merged');
    const leftOut = [
      { source: 'ada-env/bad-key', why: 'NotAName' },
      { source: 'ada-env/BLOB', why: 'HoldsNul' },
      { source: 'env/HUGE', why: 'TooLong' },
    ] as const;
    const decision = decideAt(factsOf({ environment: { ...environment, leftOut } }));
    expect(conditionOf(decision, 'SecretsSynced').message).toMatch(
      /names: ada-env\/bad-key\..*NUL.*: ada-env\/BLOB\..*128 KiB.*: env\/HUGE\./,
    );
  });

  test('an instance that has not fetched its environment is not synced, nor up to date', () => {
    const decision = decideAt(
      factsOf({
        status: statusOf({ launch: booting(), instance: { id: 'i-1', state: 'running' } }),
        heartbeats: heard(),
      }),
    );
    expect(conditionOf(decision, 'SecretsSynced')).toMatchObject({ status: 'False', reason: 'NotServed' });
    expect(conditionOf(decision, 'UpToDate').status).toBe('False');
  });

  test('a change that waits behind a pause is shown', () => {
    const recorded = { env: statusOf().desired?.env ?? '', machine: statusOf().desired?.machine ?? '' };
    const change = { recorded, env: 'k1:b', machine: recorded.machine, since: 0, burstSince: 0, changed: [] };
    const decision = decideAt(
      factsOf({ spec: { paused: true }, environment: environmentOf('b'), process: { change } }),
    );
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'Paused' });
    expect(decision.status.desired?.generation).toBe(1);
  });

  test.each([
    ['Paused', { paused: true }],
    ['Stopped', { operatingMode: 'Stopped' }],
  ])('without an instance, Ready says %s', (reason, spec) => {
    const none = { number: 0, generation: 0, phase: 'Closed' as const, failures: 0 };
    const facts = factsOf({ spec, status: statusOf({ launch: none, instance: undefined }), instances: [] });
    const decision = decideAt(facts);
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason });
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch?.number).toBe(0);
  });

  test('paused, a running instance stays Ready', () => {
    expect(readyOf({ spec: { paused: true }, status: statusOf({ launch: launchOf() }) }).status).toBe('True');
  });
});
