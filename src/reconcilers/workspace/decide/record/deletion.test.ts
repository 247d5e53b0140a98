import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  doubtful,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  MINUTE,
  NOW,
  type Overrides,
  refusalOf,
  SECOND,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import { ABANDON_ANNOTATION, FINALIZER } from '../../../../api/base/meta.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';

const quiet = { available: true, since: 0, launches: [] };

function deleted(more: Overrides = {}) {
  return factsOf({
    heartbeats: quiet,
    ...more,
    metadata: { deletionTimestamp: '2026-01-01T12:00:00Z', ...more.metadata },
  });
}

const launched = (launch: WorkspaceStatus['launch'], more: Partial<WorkspaceStatus> = {}) =>
  statusOf({ launch, instance: undefined, ...more });

describe('deletion', () => {
  test.each(['pending', 'running', 'stopping', 'stopped'])('ends an instance that is %s', (state) => {
    const { status, effect } = decideAt(deleted({ instances: [instanceOf(1, state)] }));
    expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
    expect(status.launch?.ended?.outcome).toBe('Deleted');
    expect(status.history?.[0]).toMatchObject({ number: 1, outcome: 'Deleted' });
  });

  const gone = { missing: true, notFound: { firstAt: NOW.mono - 5 * MINUTE, lastAt: NOW.mono } };
  const removals: [string, Overrides][] = [
    ['the instance is terminated', { instances: [instanceOf(1, 'terminated')] }],
    ['it is proven absent', { instances: [instanceOf(1, 'running', gone)] }],
    [
      'nothing was ever launched',
      { status: launched({ number: 0, generation: 0, phase: 'Closed', failures: 0 }), instances: [] },
    ],
    [
      'the launch was definitely refused',
      {
        status: launched(doubtful()),
        instances: [],
        process: { answer: refusalOf(1, 'quota') },
      },
    ],
    [
      'a waiting launch has spent nothing',
      { status: launched(waiting(2)), instances: [instanceOf(1, 'terminated')] },
    ],
  ];
  test.each(removals)('lets go of the finalizer when %s', (_when, more) => {
    expect(decideAt(deleted(more)).effect).toEqual({ kind: 'RemoveFinalizer' });
  });

  const refusals: [string, Overrides][] = [
    ['the instance is shutting down', { instances: [instanceOf(1, 'shutting-down')] }],
    ['EC2 does not show it', { instances: [] }],
    [
      'it was not found once',
      {
        instances: [
          instanceOf(1, 'running', { missing: true, notFound: { firstAt: NOW.mono, lastAt: NOW.mono } }),
        ],
      },
    ],
    [
      'it still heartbeats',
      { instances: [instanceOf(1, 'running', gone)], heartbeats: { ...quiet, launches: [heartbeatOf(1)] } },
    ],
    [
      'there was no whole sweep in this term',
      { instances: [instanceOf(1, 'terminated')], sweptAt: NOW.mono - 2 * HOUR },
    ],
    [
      'a superseded one may live',
      {
        instances: [instanceOf(1, 'terminated')],
        status: statusOf({ terminating: [{ number: 1, instanceID: 'i-0' }] }),
      },
    ],
    [
      'an instance of ours that no record names lives',
      { instances: [instanceOf(1, 'terminated'), instanceOf(1, 'running', { id: 'i-x' })] },
    ],
    ['the launch is in doubt', { status: launched(doubtful()), instances: [] }],
    [
      'the refusal speaks only for one of its sends',
      {
        status: launched(doubtful()),
        instances: [],
        process: {
          answer: refusalOf(1, 'quota', { firstSend: false, quietSince: NOW.mono - SECOND }),
          sends: { count: 2, lastAt: NOW.mono - SECOND },
        },
      },
    ],
  ];
  test.each(refusals)('keeps it while %s, and looks again', (_why, more) => {
    const { effect, requeueAfterMs, status } = decideAt(deleted(more));
    expect(effect?.kind).not.toBe('RemoveFinalizer');
    expect(effect !== undefined || (requeueAfterMs ?? 0) > 0).toBe(true);
    expect(status.launch?.number).toBe(1);
  });

  test('resolves a launch in doubt by replaying it, whose instance is then ended', () => {
    const facts = deleted({ status: launched(doubtful()), instances: [] });
    expect(decideAt(facts).effect).toEqual({ kind: 'RunInstances', number: 1, armed: false });
    const landed = decideAt({ ...facts, instances: [instanceOf(1, 'pending')] });
    expect(landed.status.provisions).toBe(2);
    expect(landed.effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
  });

  test('closes a waiting launch unsent', () => {
    const { status, effect } = decideAt(
      deleted({
        status: launched(waiting(2), { terminating: [{ number: 1, instanceID: 'i-1' }] }),
        instances: [instanceOf(1, 'shutting-down')],
      }),
    );
    expect(status.launch).toMatchObject({ number: 2, phase: 'Closed' });
    expect(status.history?.[0]).toMatchObject({ number: 2, outcome: 'Closed' });
    expect(effect).toBeUndefined();
  });

  test.each<[string, Overrides]>([
    ['changed Secrets', { environment: { kind: 'Missing', secrets: ['ada-env'] } }],
    ['a restart', { spec: { requests: { restart: 'now' } } }],
    ['an end', { instances: [instanceOf(1, 'terminated'), instanceOf(0, 'running', { id: 'i-x' })] }],
    ['a pause', { spec: { paused: true } }],
    ['a class that is gone', { class: undefined, machine: undefined, classAllowed: false }],
  ])('goes on and takes no new number: %s', (_what, more) => {
    const { status, effect } = decideAt(deleted(more), HOUR);
    expect(status.launch?.number).toBe(1);
    expect(effect?.kind).toBe('TerminateInstances');
  });

  test('TerminateInstances is repeated while it shows no effect, but not at once', () => {
    const asked = (agoMs: number) =>
      decideAt(deleted({ process: { terminateSentAt: { 'i-1': NOW.mono - agoMs } } }));
    expect(asked(SECOND).effect).toBeUndefined();
    expect(asked(SECOND).requeueAfterMs).toBe(14 * SECOND);
    expect(asked(15 * SECOND).effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
  });

  test('says what it waits for', () => {
    const decision = decideAt(deleted({ instances: [instanceOf(1, 'shutting-down')] }));
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'Terminating' });
    expect(conditionOf(decision, 'Ready').message).toContain('i-1 (launch 1)');
  });

  test('without our finalizer nothing is done', () => {
    expect(decideAt(deleted({ metadata: { finalizers: ['other'] } })).effect).toBeUndefined();
  });
});

describe('the way out when the account is gone', () => {
  const abandoned = (value: string, more: Overrides = {}) =>
    deleted({ metadata: { annotations: { [ABANDON_ANNOTATION]: value }, finalizers: [FINALIZER] }, ...more });

  test.each<[string, Overrides]>([
    ['running', {}],
    ['in doubt', { status: launched(doubtful()), instances: [], sweptAt: undefined }],
    ['booting', { status: statusOf({ launch: booting() }) }],
  ])('the annotation lets go of a Workspace whose launch is %s, and an event says so', (_what, more) => {
    const { effect, events } = decideAt(abandoned('true', more));
    expect(effect).toEqual({ kind: 'RemoveFinalizer' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'TerminationBlocked' }));
  });

  test('any other value, or no deletion, is nothing', () => {
    expect(decideAt(abandoned('false')).effect?.kind).toBe('TerminateInstances');
    const kept = factsOf({ metadata: { annotations: { [ABANDON_ANNOTATION]: 'true' } } });
    expect(decideAt(kept).effect).toBeUndefined();
  });
});
