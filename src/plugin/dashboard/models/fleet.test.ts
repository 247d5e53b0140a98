import { describe, expect, test } from 'vitest';
import { AT, condition, launch, minute, past, workspaceOf } from '../../../../test/plugin/liveObjects.ts';
import { namesOf } from '../../../api/base/table.ts';
import { READY_REASONS } from '../../../api/reasons/reasons.ts';
import { judgeAvailability } from '../../../gateway/heartbeats/availability.ts';
import { availabilityOf, classRowOf, rowOf, waitsOf } from './fleet.ts';
import { verdictOf } from './ledger.ts';
import type { LiveWorkspace } from './live.ts';
import { timelineOf } from './timeline.ts';

describe('the judged availability', () => {
  const phases = ['Waiting', 'Submitted', 'Stopped', 'Closed'];
  const states = ['pending', 'running', 'shutting-down', 'terminated', 'stopped', 'Unknown'];
  const rows = namesOf(READY_REASONS).flatMap((reason) =>
    phases.flatMap((phase) => states.map((state) => [reason, phase, state] as const)),
  );

  test('is the gateway’s for each reason, phase and state', () => {
    const different = rows.flatMap(([reason, phase, state]) =>
      [
        { readyAt: undefined },
        {},
        { number: 0, readyAt: undefined },
        { ended: { outcome: 'Ended', at: AT } },
      ].flatMap((over) =>
        [{}, { spec: { operatingMode: 'Stopped' } }, { metadata: { deletionTimestamp: AT } }].flatMap(
          (more) => {
            const workspace = workspaceOf(
              {
                launch: launch({ phase, ...over }),
                instance: { id: 'i-2', state },
                conditions: [condition(reason)],
              },
              more,
            );
            // Ready says so only where it runs and heartbeats.
            const fresh = reason === 'Ready';
            const evidence = { uid: 'u', number: 2, fresh, reports: 0 };
            const { availability } = judgeAvailability(workspace, evidence);
            return availabilityOf(workspace) === availability ? [] : [[reason, phase, state, over, more]];
          },
        ),
      ),
    );
    expect(different).toEqual([]);
  });

  test('of an object without a status is Restarting, as it is new', () => {
    expect(availabilityOf({ metadata: { name: 'ada' }, spec: {} })).toBe('Restarting');
  });
});

describe('a row', () => {
  test('has EC2’s own word beside the judgement', () => {
    const row = rowOf(
      workspaceOf({
        launch: launch({ readyAt: undefined }),
        instance: { id: 'i-2', state: 'pending' },
        conditions: [condition('Launching')],
        desired: { generation: 2, env: 'e', machine: 'm', cause: 'SecretChanged', at: minute(9) },
        provisions: 2,
      }),
    );
    expect(row).toMatchObject({
      key: 'team/ada',
      availability: 'Restarting',
      state: 'pending',
      reason: 'Launching',
      desired: 2,
      launched: 2,
      provisions: 2,
      isViolated: false,
    });
  });

  test.each(['constructor', '__proto__', 'toString'])(
    'with the reason %s is shown as any other',
    (reason) => {
      const workspace: LiveWorkspace = {
        metadata: { name: reason, namespace: reason },
        spec: { className: reason },
        status: {
          conditions: [condition(reason)],
          launch: launch({ cause: { kind: reason, ref: reason } }) as never,
        },
      };
      expect(rowOf(workspace).reason).toBe(reason);
      expect(timelineOf(workspace, [{ metadata: { name: 'e' }, reason, lastTimestamp: AT }])).not.toEqual([]);
    },
  );

  test('of a class without a status counts nothing, and one whose roll-out is halted says by what', () => {
    expect(classRowOf({ metadata: { name: 'new' } })).toMatchObject({
      total: 0,
      rollout: 'Unknown',
      halted: [],
    });
    const halted = [{ content: '*', since: AT, by: 'team/ada', message: 'It failed three times.' }];
    const row = classRowOf({
      metadata: { name: 'standard', generation: 1 },
      status: {
        observedGeneration: 1,
        conditions: [condition('RolloutHalted', 'False', 'RolloutComplete')],
        counts: { total: 3, current: 1, updating: 1, failing: 1 },
        rollout: { startedAt: AT, total: 2, updated: 1, estimatedEndAt: minute(5) },
        halted,
      },
    });
    expect(row).toMatchObject({
      rollout: 'RolloutHalted',
      updated: 1,
      toUpdate: 2,
      ends: minute(5),
      halted: ['team/ada: It failed three times.'],
    });
  });
});

describe('the verdict', () => {
  test('is good where each launch spent something of its own', () => {
    const { isGood, text } = verdictOf(workspaceOf({ launch: launch(), history: [past()], provisions: 7 }));
    expect(isGood).toBe(true);
    expect(text).toBe(
      'One change was one provision: 2 launches are on record, each for something of its own. 7 provisions ever.',
    );
  });

  test.each([
    [{ kind: 'SecretChanged', ref: '2' }, { kind: 'EnvChanged', ref: '2' }, 'change 2'],
    [{ kind: 'Restart', ref: 'now' }, { kind: 'Restart', ref: 'now' }, 'the request “now”'],
    [{ kind: 'Ended', ref: '1' }, { kind: 'HeartbeatLost', ref: '1' }, 'the end of launch 1'],
  ])('names two launches that spent one thing: %j and %j', (one, other, thing) => {
    const workspace = workspaceOf({
      launch: launch({ number: 3, cause: one }),
      history: [past({ number: 2, cause: other })],
    });
    expect(verdictOf(workspace)).toEqual({ isGood: false, text: `Launches 2 and 3 both spent ${thing}.` });
    expect(rowOf(workspace).isViolated).toBe(true);
  });

  test('is not disturbed by a launch that is in the history and present at once, nor by causes of a later release', () => {
    const both = workspaceOf({ launch: launch(), history: [past({ number: 2, cause: launch().cause })] });
    expect(verdictOf(both).isGood).toBe(true);
    const cause = { kind: 'FromTheFuture', ref: '2' } as never;
    const later: LiveWorkspace = {
      metadata: { name: 'ada' },
      spec: {},
      status: { launch: launch({ cause }) as never, history: [past({ cause }) as never] },
    };
    expect(verdictOf(later).isGood).toBe(true);
  });
});

describe('what waits for what', () => {
  test.each<[string, object, object, string, string]>([
    [
      'a deferred change',
      { deferred: { generation: 3, until: minute(20) } },
      {},
      'Change 3',
      'the present launch',
    ],
    [
      'a change in line',
      { turn: { generation: 3, since: AT, place: 4, of: 9, behind: 'team/bob', expectedAt: minute(20) } },
      {},
      'Change 3',
      'team/bob, which tries it first (place 4 of 9 when the wait began)',
    ],
    [
      'a restart that waits',
      { restarts: { count: 2, at: AT, next: minute(20) } },
      {},
      'A restart that was asked for',
      'the pause after 2 restarts in a row',
    ],
    [
      'a launch whose predecessor ends',
      {
        launch: launch({ phase: 'Waiting', readyAt: undefined, instanceID: undefined }),
        terminating: [{ number: 1, instanceID: 'i-1' }],
      },
      {},
      'Launch 2',
      'the end of i-1',
    ],
    [
      'a booting launch',
      { launch: launch({ readyAt: undefined, deadline: minute(20) }) },
      {},
      'Launch 2',
      'the first heartbeat of i-2',
    ],
    ['a paused one', {}, { paused: true }, 'Every change', 'somebody to resume it'],
  ])('%s', (_name, status, spec, what, on) => {
    const [wait, ...others] = waitsOf(workspaceOf(status, { spec }));
    expect(others).toEqual([]);
    expect(wait).toMatchObject({ key: 'team/ada', what });
    expect(wait?.on).toContain(on);
  });

  test('nothing, in one that is well', () => {
    expect(waitsOf(workspaceOf({ launch: launch(), conditions: [condition('Ready')] }))).toEqual([]);
  });
});
