import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import { conditionOf, decideAt, withStatus } from '../../../../../test/support/workspace/decisions.ts';
import { ASPECT_TYPES, aspectReasons } from '../../../../api/reasons/conditionReasons.ts';
import { WORKSPACE_EVENTS } from '../../../../api/reasons/eventReasons.ts';
import { REASONS, standingOf } from '../../../../api/reasons/reasons.ts';
import { entryOf } from '../../../fleet/member/entry.ts';
import type { Facts } from './facts.ts';

const ASPECTS = new Map<string, object>(ASPECT_TYPES.map((type) => [type, aspectReasons(type)]));
/** These two also say what Ready or UpToDate says. */
const SUMMARIES = ['Reconciling', 'Stalled'];

/** The facts after one decision, whose conditions have these reasons. */
function foreign(facts: Facts, reason: string): Facts {
  const { status } = decideAt(facts);
  const conditions = status.conditions?.map((condition) => ({ ...condition, reason }));
  return withStatus(facts, { ...status, conditions });
}

function own(facts: Facts): Facts {
  return withStatus(facts, decideAt(facts).status);
}

describe('reasons', () => {
  test('each reason and event of a decision is in the tables, and so in the documents', () => {
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const { status, events } = decideAt(facts);
        for (const { type, reason } of status.conditions ?? []) {
          const shared = ['Ready', 'UpToDate', ...SUMMARIES].includes(type) && Object.hasOwn(REASONS, reason);
          expect(shared || Object.hasOwn(ASPECTS.get(type) ?? {}, reason), `${type}: ${reason}`).toBe(true);
        }
        for (const { reason } of events) {
          expect(Object.hasOwn(REASONS, reason) || Object.hasOwn(WORKSPACE_EVENTS, reason), reason).toBe(
            true,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what needs a person is Stalled and no longer Reconciling, and what is normal is no Warning', () => {
    fc.assert(
      fc.property(arbitraryFacts, (facts) => {
        const decision = decideAt(facts);
        const needed = ['Ready', 'UpToDate'].some(
          (type) => standingOf(conditionOf(decision, type).reason) === 'needsPerson',
        );
        expect(conditionOf(decision, 'Stalled').status).toBe(needed ? 'True' : 'False');
        if (needed) expect(conditionOf(decision, 'Reconciling').status).toBe('False');
        for (const { type, reason } of decision.events)
          if (standingOf(reason) === 'normal') expect(type, reason).toBe('Normal');
      }),
      { numRuns: 300 },
    );
  });

  test.each(['FromANewerRelease', 'constructor', '__proto__', 'hasOwnProperty'])(
    '%s on record, as another release may have written it, changes nothing that is done',
    (reason) => {
      fc.assert(
        fc.property(arbitraryFacts, (facts) => {
          const [known, unknown] = [own(facts), foreign(facts, reason)].map((it) => decideAt(it));
          const done = (decision = known) => ({
            status: { ...decision?.status, conditions: undefined },
            effect: decision?.effect,
            requeueAfterMs: decision?.requeueAfterMs,
          });
          expect(done(unknown)).toEqual(done(known));
        }),
        { numRuns: 200 },
      );
    },
  );

  test('a Workspace whose reasons another release wrote still has its place in the sums of its class', () => {
    fc.assert(
      fc.property(arbitraryFacts, fc.constantFrom('FromANewerRelease', 'constructor'), (facts, reason) => {
        const entry = entryOf(foreign(facts, reason).workspace);
        const { occupies, available, lacks } = entryOf(own(facts).workspace);
        expect(entry).toMatchObject({ occupies, available, lacks });
        expect(entry.reason).toBeUndefined();
        expect(entry.waits).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
