import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import {
  conditionOf,
  decideAt,
  withStatus,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  factsOf,
  instanceOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import type { Facts } from '../facts/facts.ts';

const quiet = { available: true, since: 0, launches: [] };

describe('an instance of an earlier Workspace of this name', () => {
  const left = { id: 'i-old', uid: 'uid-0', heartbeats: true };

  test('is a condition and one event, and holds nothing up', () => {
    const facts = factsOf({ status: written(factsOf()).status });
    const decision = decideAt({ ...facts, earlier: [left] });
    const condition = conditionOf(decision, 'EarlierInstance');
    expect(condition).toMatchObject({ status: 'True', reason: 'Lives' });
    expect(condition.message).toContain('i-old of uid uid-0, which still heartbeats');
    expect(decision.events).toEqual([
      { type: 'Warning', reason: 'EarlierInstance', message: condition.message },
    ]);
    expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'True' });
    expect(decision.effect).toBeUndefined();
    const silent = decideAt({
      ...withStatus(facts, decision.status),
      earlier: [{ ...left, heartbeats: false }],
    });
    expect(conditionOf(silent, 'EarlierInstance').message).toContain('which does not heartbeat');
    expect(silent.events).toEqual([]);
  });

  test('is no reason not to launch', () => {
    const fresh = {
      desired: undefined,
      launch: { number: 0, generation: 0, phase: 'Closed' as const, failures: 0 },
    };
    const status = statusOf({ ...fresh, instance: undefined, provisions: 0 });
    const decision = decideAt(factsOf({ status, instances: [], heartbeats: quiet, earlier: [left] }));
    expect(decision.effect).toEqual({ kind: 'RunInstances', number: 1, armed: true });
  });

  test('changes only its condition, for any facts', () => {
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const of = (earlier: Facts['earlier']) => {
          const { status, effect, requeueAfterMs, ledger } = decideAt({ ...facts, earlier });
          const conditions = status.conditions?.filter(({ type }) => type !== 'EarlierInstance');
          return { status: { ...status, conditions }, effect, requeueAfterMs, ledger };
        };
        expect(of([left])).toEqual(of([]));
      }),
      { numRuns: 200 },
    );
  });

  test('before the first look the condition on record stays', () => {
    const { status } = written(factsOf({ earlier: [left] }));
    expect(decideAt(factsOf({ status, earlier: undefined })).status).toEqual(status);
  });

  test('many are counted, and the message stays short', () => {
    const many = Array.from({ length: 40 }, (_, n) => ({
      id: `i-${n}`,
      uid: 'u'.repeat(36),
      heartbeats: false,
    }));
    const { message } = conditionOf(decideAt(factsOf({ earlier: many })), 'EarlierInstance');
    expect(message).toContain('and 36 more');
    expect(message.length).toBeLessThan(1024);
  });
});

describe('a status that was written for another object', () => {
  const theirs = { uid: 'uid-0', provisions: 7 };
  /** Restored with its status six minutes ago, and swept since; `instances` are those of this uid. */
  function restored(more: Overrides = {}, ago = 8 * MINUTE) {
    return factsOf({
      status: statusOf(theirs),
      instances: [],
      heartbeats: quiet,
      sweptAt: NOW.mono - SECOND,
      ...more,
      process: { suspectSince: NOW.mono - ago, wrote: false },
    });
  }

  test.each<[string, Overrides]>([
    ['with an instance on record', {}],
    [
      'with one to be ended',
      {
        status: statusOf({ ...theirs, launch: waiting(2), terminating: [{ number: 1, instanceID: 'i-1' }] }),
      },
    ],
    ['that is being deleted', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  ])('%s: until EC2 was seen whole, nothing follows from it', (_what, more) => {
    const facts = restored(more, MINUTE);
    const decision = decideAt(facts);
    expect(decision.effect).toBeUndefined();
    expect(decision.status.launch).toEqual(facts.workspace.status?.launch);
    expect(conditionOf(decision, 'Ready')).toMatchObject({
      reason: 'StatusLost',
      message: expect.stringContaining('came with another object (uid uid-0)'),
    });
  });

  test('nothing of it stays: launches begin again at 1, and none of its instances is ended', () => {
    const terminating = [{ number: 1, instanceID: 'i-1' }];
    const { status, effect } = decideAt(
      restored({ status: statusOf({ ...theirs, launch: waiting(2), terminating }) }),
    );
    expect(status).toMatchObject({
      uid: 'uid-1',
      launch: { number: 1, cause: { kind: 'Created', ref: '1' } },
    });
    expect(status.terminating).toBeUndefined();
    expect(status.history).toBeUndefined();
    expect(effect).toEqual({ kind: 'RunInstances', number: 1, armed: true });
  });

  test('an instance that this object launched before the status came over it is adopted', () => {
    const { status, effect } = decideAt(restored({ instances: [instanceOf(1, 'running')] }));
    expect(status).toMatchObject({ uid: 'uid-1', provisions: 1, launch: { number: 1, instanceID: 'i-1' } });
    expect(effect).toBeUndefined();
  });

  test('for any facts ends nothing that EC2 does not show as this object’s, and is left behind once EC2 was seen', () => {
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const { status } = facts.workspace;
        if (!status) return;
        const foreign = withStatus(facts, { ...status, uid: 'uid-0' });
        const decision = decideAt(foreign);
        const { effect } = decision;
        if (effect?.kind === 'TerminateInstances') {
          const shown = facts.instances.map(({ id }) => id);
          for (const id of effect.ids) expect(shown).toContain(id);
        }
        if (effect?.kind === 'RunInstances') expect(effect).toMatchObject({ armed: true, number: 1 });
        if (decision.settled) expect(decision.status.uid).toBe('uid-1');
        else expect(decision.status.launch).toEqual(status.launch);
      }),
      { numRuns: 300 },
    );
  });

  test('being deleted, it goes once EC2 shows nothing of this object', () => {
    const deleting = restored({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const { status, effect } = decideAt(deleting);
    expect(effect).toEqual({ kind: 'RemoveFinalizer' });
    expect(status.terminating).toBeUndefined();
  });
});
