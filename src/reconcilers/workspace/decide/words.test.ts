import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt } from '../../../../test/support/workspace/decisions.ts';
import { doubtful, factsOf, instanceOf, NOW, statusOf } from '../../../../test/support/workspace/facts.ts';

const deletionTimestamp = new Date(NOW.wall).toISOString();
const said = (facts: Parameters<typeof decideAt>[0]) => conditionOf(decideAt(facts), 'Ready');

describe('what a deletion waits for is said', () => {
  const closed = statusOf({
    launch: { number: 1, generation: 1, phase: 'Closed', failures: 0 },
    instance: undefined,
  });

  test('EC2 has not been looked at yet', () => {
    const facts = factsOf({
      metadata: { deletionTimestamp },
      status: closed,
      instances: [],
      sweptAt: undefined,
    });
    expect(said(facts)).toMatchObject({
      reason: 'Terminating',
      message: expect.stringContaining('a complete look at EC2'),
    });
  });

  test('an instance that the status does not name, and whose token EC2 does not say', () => {
    const instances = [instanceOf(3, 'running', { clientToken: undefined })];
    const launch = { number: 4, generation: 1, phase: 'Closed', failures: 0 } as const;
    const facts = factsOf({
      metadata: { deletionTimestamp },
      status: statusOf({ launch, instance: undefined }),
      instances,
    });
    expect(decideAt(facts).effect?.kind).not.toBe('RemoveFinalizer');
    expect(said(facts).message).toContain('i-3 (launch 3)');
  });

  test('nothing: it is let go', () => {
    const facts = factsOf({ metadata: { deletionTimestamp }, status: closed, instances: [] });
    expect(decideAt(facts).effect?.kind).toBe('RemoveFinalizer');
    expect(said(facts).message).toBe('Letting go.');
  });
});

test('paused, a launch in doubt is resolved all the same, and that is said', () => {
  const status = statusOf({ launch: doubtful(), instance: undefined });
  const facts = factsOf({
    spec: { paused: true },
    status,
    instances: [],
    heartbeats: { available: true, since: 0, launches: [] },
  });
  expect(decideAt(facts).effect?.kind).toBe('RunInstances');
  expect(said(facts)).toMatchObject({
    reason: 'Launching',
    message: expect.stringContaining('spec.paused does not stop this'),
  });
});
