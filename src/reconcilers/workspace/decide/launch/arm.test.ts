import { describe, expect, test } from 'vitest';
import { decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  MINUTE,
  NOW,
  type Overrides,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';

const gone = (apart: number, lastAt = NOW.mono) => ({
  missing: true,
  notFound: { firstAt: lastAt - apart, lastAt },
});

/** Launch 2 waits for the end of launch 1. */
function following(more: Overrides = {}) {
  return factsOf({
    status: statusOf({
      desired: desiredOf(2, 'b'),
      launch: waiting(2),
      terminating: [{ number: 1, instanceID: 'i-1' }],
    }),
    environment: environmentOf('b'),
    heartbeats: { available: true, since: 0, launches: [heartbeatOf(1, { fresh: false })] },
    ...more,
  });
}

describe('a waiting launch is not sent while its predecessor may live', () => {
  const cases: [string, Overrides][] = [
    ['running', { instances: [instanceOf(1, 'running')] }],
    ['pending', { instances: [instanceOf(1, 'pending')] }],
    ['shutting down', { instances: [instanceOf(1, 'shutting-down')] }],
    ['stopped', { instances: [instanceOf(1, 'stopped')] }],
    ['absent from the sweep', { instances: [] }],
    ['missing', { instances: [instanceOf(1, 'running', { missing: true })] }],
    ['not found once', { instances: [instanceOf(1, 'running', gone(0))] }],
    ['not found, but not for long enough', { instances: [instanceOf(1, 'running', gone(5 * MINUTE - 1))] }],
    [
      'not found, but it heartbeats',
      {
        instances: [instanceOf(1, 'running', gone(10 * MINUTE))],
        heartbeats: { available: true, since: 0, launches: [heartbeatOf(1)] },
      },
    ],
    [
      'not found, but no gateway could hear its heartbeats',
      {
        instances: [instanceOf(1, 'running', gone(10 * MINUTE))],
        heartbeats: { available: false, launches: [] },
      },
    ],
    [
      'terminated, while a still older one lives',
      {
        status: statusOf({ desired: desiredOf(3, 'b'), launch: waiting(3), terminating: undefined }),
        instances: [instanceOf(1, 'running'), instanceOf(2, 'terminated')],
      },
    ],
  ];
  test.each(cases)('%s', (_how, more) => {
    const { status, effect } = decideAt(following(more));
    expect(status.launch?.phase).toBe('Waiting');
    expect(effect?.kind).not.toBe('RunInstances');
  });
});

describe('the write that records the predecessor’s end arms the launch', () => {
  test.each([
    ['terminated', instanceOf(1, 'terminated')],
    ['not found T_vis apart, and silent', instanceOf(1, 'running', gone(5 * MINUTE))],
  ])('%s', (_how, predecessor) => {
    const { status, effect, ledger } = decideAt(following({ instances: [predecessor] }));
    expect(status.terminating).toBeUndefined();
    expect(status.launch).toMatchObject({ number: 2, phase: 'Submitted', generation: 2 });
    expect(effect).toEqual({ kind: 'RunInstances', number: 2, armed: true });
    expect(ledger).toContainEqual(expect.objectContaining({ kind: 'stopped', number: 1, instanceID: 'i-1' }));
  });

  const ended = { instances: [instanceOf(1, 'terminated')] };

  test('it absorbs the newest request and the newest generation', () => {
    const { status } = decideAt(
      following({
        ...ended,
        spec: { requests: { restart: 'now' } },
        status: statusOf({
          desired: desiredOf(4, 'b'),
          launch: waiting(2),
          terminating: [{ number: 1, instanceID: 'i-1' }],
        }),
      }),
    );
    expect(status.handled).toEqual({ restart: 'now' });
    expect(status.launch).toMatchObject({ number: 2, generation: 4, cause: { ref: '2' } });
    expect(status.launch?.params?.tags).toContainEqual({
      key: 'compute.molecule.ai/generation',
      value: '4',
    });
  });

  test('not while the Workspace is paused', () => {
    const { status, effect } = decideAt(following({ ...ended, spec: { paused: true } }));
    expect(status.launch?.phase).toBe('Waiting');
    expect(effect).toBeUndefined();
  });

  test('not before a whole sweep of this term, in spite of an older one', () => {
    const { status, effect, requeueAfterMs } = decideAt(
      following({ ...ended, process: { termAt: NOW.mono - 1 }, sweptAt: NOW.mono - 2 }),
    );
    expect(status.launch?.phase).toBe('Waiting');
    expect(effect).toBeUndefined();
    expect(requeueAfterMs).toBeGreaterThan(0);
  });

  test('once armed it is not up to date by what its predecessor held', () => {
    const restart = waiting(2, { generation: 1, cause: { kind: 'Restart', ref: 'now' } });
    const status = statusOf({ launch: restart, terminating: [{ number: 1, instanceID: 'i-1' }] });
    const armed = decideAt(following({ ...ended, status, environment: environmentOf('a') })).status;
    expect(armed.launch?.phase).toBe('Submitted');
    expect(armed.conditions?.find(({ type }) => type === 'UpToDate')?.status).toBe('False');
  });

  test('not while what it needs is missing; the reason is shown', () => {
    const { status, effect } = decideAt(
      following({ ...ended, environment: { kind: 'Missing', secrets: ['ada-env'] } }),
    );
    expect(status.launch?.phase).toBe('Waiting');
    expect(effect).toBeUndefined();
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('SecretMissing');
  });
});
