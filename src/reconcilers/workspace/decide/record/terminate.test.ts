import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { workspaceStatus } from '../../../../api/kinds/workspace.ts';
import { clientToken } from '../../../../api/launch/token.ts';

/** Launch 3 lives; what else EC2 shows is up to the test. */
function third(more: Overrides = {}) {
  return factsOf({
    status: statusOf({
      launch: launchOf({ number: 3 }),
      instance: { id: 'i-3', state: 'running' },
      terminating: more.status?.terminating,
    }),
    heartbeats: { available: true, since: 0, launches: [heartbeatOf(3)] },
    instances: [instanceOf(3, 'running'), ...(more.instances ?? [])],
    spec: more.spec,
    process: more.process,
  });
}

test('all live instances below the persisted number are ended, in one call', () => {
  const { status, effect } = decideAt(
    third({ instances: [instanceOf(2, 'running'), instanceOf(1, 'pending')] }),
  );
  expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1', 'i-2'] });
  expect(status.terminating).toHaveLength(2);
});

test('the persisted launch is never ended while it is wanted, not even a second instance that bears its number', () => {
  const twin = instanceOf(3, 'running', { id: 'i-twin', clientToken: 'made by hand' });
  const { effect, status } = decideAt(third({ instances: [twin] }));
  expect(effect).toBeUndefined();
  expect(status.terminating).toBeUndefined();
});

test('what ends already is not asked again', () => {
  expect(
    decideAt(third({ instances: [instanceOf(2, 'shutting-down'), instanceOf(1, 'terminated')] })).effect,
  ).toBeUndefined();
});

test('one that EC2 does not find holds up no other one’s end, and is looked at again', () => {
  const lost = instanceOf(1, 'running', {
    missing: true,
    notFound: { firstAt: NOW.mono - MINUTE, lastAt: NOW.mono },
  });
  const terminating = [
    { number: 1, instanceID: 'i-1' },
    { number: 2, instanceID: 'i-2' },
  ];
  const { effect } = decideAt(
    third({ status: statusOf({ terminating }), instances: [lost, instanceOf(2, 'running')] }),
  );
  expect(effect).toEqual({ kind: 'TerminateInstances', ids: ['i-2'] });
  const alone = decideAt(
    third({ status: statusOf({ terminating: terminating.slice(0, 1) }), instances: [lost] }),
  );
  expect(alone.effect).toBeUndefined();
  expect(alone.requeueAfterMs).toBe(4 * MINUTE);
});

test('while paused nothing is ended', () => {
  expect(
    decideAt(third({ spec: { paused: true }, instances: [instanceOf(1, 'running')] })).effect,
  ).toBeUndefined();
});

test('an end that shows no effect is asked for again after a pause', () => {
  const asked = {
    process: { terminateSentAt: { 'i-1': NOW.mono - SECOND } },
    instances: [instanceOf(1, 'running')],
  };
  expect(decideAt(third(asked)).effect).toBeUndefined();
  expect(decideAt(third(asked)).requeueAfterMs).toBe(14 * SECOND);
  expect(decideAt(third(asked), 14 * SECOND).effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
});

test('of more than the status can name, as many as it can are ended at a time', () => {
  const many = Array.from({ length: 40 }, (_, i) => instanceOf(1, 'running', { id: `i-old-${i}` }));
  const { status, effect } = decideAt(third({ instances: many }));
  const first = status.terminating?.length ?? 0;
  expect(workspaceStatus.safeParse(status).error).toBeUndefined();
  expect(first).toBeGreaterThan(10);
  expect(effect).toMatchObject({ kind: 'TerminateInstances', ids: { length: first } });
  const ended = many.slice(0, first).map((instance) => ({ ...instance, state: 'terminated' }));
  const next = decideAt(third({ status, instances: [...ended, ...many.slice(first)] }));
  expect(next.effect).toMatchObject({ ids: { length: first } });
  expect(next.status.terminating?.[0]?.instanceID).toBe(many[first]?.id);
});

test('an end that EC2 refuses is said to be blocked, and asked for again', () => {
  const deletionTimestamp = new Date(NOW.wall).toISOString();
  const refused = {
    terminateRefusals: { 'i-1': 'OperationNotPermitted' },
    terminateSentAt: { 'i-1': NOW.mono - HOUR },
  };
  const decision = decideAt(factsOf({ metadata: { deletionTimestamp }, process: refused }));
  expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'False', reason: 'TerminationBlocked' });
  expect(conditionOf(decision, 'Ready').message).toMatch(/i-1 .*OperationNotPermitted/);
  expect(decision.effect).toEqual({ kind: 'TerminateInstances', ids: ['i-1'] });
});

test('an end that EC2 refused is over with its instance: the next one is not said to be blocked', () => {
  const deletionTimestamp = new Date(NOW.wall).toISOString();
  const process = { terminateRefusals: { 'i-gone': 'OperationNotPermitted' } };
  const decision = decideAt(factsOf({ metadata: { deletionTimestamp }, process }));
  expect(conditionOf(decision, 'Ready').reason).toBe('Terminating');
});

test('one that EC2 refuses to end holds up no other one: its call is its own, after theirs', () => {
  const three = ['a', 'b', 'c'].map((name) => instanceOf(1, 'running', { id: `i-${name}` }));
  const ended = (process: object) => decideAt(third({ instances: three, process })).effect;
  expect(ended({})).toEqual({ kind: 'TerminateInstances', ids: ['i-a', 'i-b', 'i-c'] });
  // Refused together.
  const unknown = { 'i-a': '', 'i-b': '', 'i-c': '' };
  expect(ended({ terminateRefusals: unknown })).toEqual({ kind: 'TerminateInstances', ids: ['i-a'] });
  const first = {
    terminateRefusals: { ...unknown, 'i-a': 'Protected' },
    terminateSentAt: { 'i-a': NOW.mono },
  };
  expect(ended(first)).toEqual({ kind: 'TerminateInstances', ids: ['i-b'] });
  const due = { terminateRefusals: { 'i-a': 'Protected' }, terminateSentAt: { 'i-a': NOW.mono - HOUR } };
  expect(ended(due)).toEqual({ kind: 'TerminateInstances', ids: ['i-b', 'i-c'] });
});

describe('what no request of ours made is never ended', () => {
  const foreign = (number: number, more: object = {}) =>
    instanceOf(number, 'running', { id: 'i-foreign', clientToken: 'another request', ...more });
  const deletionTimestamp = new Date(NOW.wall).toISOString();

  test('though it carries our tags and an older number', () => {
    const { effect, status } = decideAt(third({ instances: [foreign(1)] }));
    expect(effect).toBeUndefined();
    expect(status.terminating).toBeUndefined();
  });

  test('while EC2 does not say its token: it is neither ended nor given up', () => {
    const tokenless = instanceOf(3, 'running', { clientToken: undefined });
    const { effect, status } = decideAt(
      factsOf({ ...third(), instances: [tokenless], status: third().workspace.status }),
    );
    expect(effect).toBeUndefined();
    expect(status.launch).toMatchObject({ number: 3, instanceID: 'i-3' });
    expect(status.launch?.ended).toBeUndefined();
    const terminating = [{ number: 2, instanceID: 'i-2' }];
    const earlier = instanceOf(2, 'running', { clientToken: undefined });
    const waits = decideAt(third({ status: statusOf({ terminating }), instances: [earlier] }));
    expect(waits.effect).toBeUndefined();
    expect(waits.status.terminating).toEqual(terminating);
  });

  test.each([
    ['an earlier launch', { clientToken: clientToken('cluster-1', 'uid-1', 1) }],
    ['another request', {}],
  ])('though the status names it as one that ends, and its token says %s', (_what, more) => {
    const terminating = [{ number: 2, instanceID: 'i-foreign' }];
    const { effect, status, events } = decideAt(
      third({ status: statusOf({ terminating }), instances: [foreign(2, more)] }),
    );
    expect(effect).toBeUndefined();
    expect(status.terminating).toBeUndefined();
    expect(events).toMatchObject([{ type: 'Warning', reason: 'NotOurs' }]);
  });

  test('though the status names it as the present launch’s and the Workspace is deleted: that one is let go', () => {
    const status = statusOf({ launch: launchOf({ instanceID: 'i-foreign' }) });
    const facts = { metadata: { deletionTimestamp }, instances: [foreign(1)] };
    const first = decideAt(factsOf({ ...facts, status }));
    expect(first.effect?.kind).not.toBe('TerminateInstances');
    const next = decideAt(factsOf({ ...facts, status: first.status }));
    expect(next.effect).toEqual({ kind: 'RemoveFinalizer' });
  });

  test('an instance is not ended before EC2 shows whose it is', () => {
    const terminating = [{ number: 2, instanceID: 'i-unseen' }];
    const unseen = instanceOf(2, 'Unknown', {
      id: 'i-unseen',
      type: '',
      clientToken: undefined,
      missing: true,
    });
    const facts = third({ status: statusOf({ terminating }), instances: [unseen] });
    expect(decideAt(facts).effect).toBeUndefined();
    expect(decideAt(facts).requeueAfterMs).toBeLessThanOrEqual(15 * SECOND);
  });
});
