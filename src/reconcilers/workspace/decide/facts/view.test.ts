import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import { arbitrarySilence } from '../../../../../test/support/workspace/arbitrarySilence.ts';
import { decideAt, later, withStatus } from '../../../../../test/support/workspace/decisions.ts';
import { DAY } from '../../../../../test/support/workspace/facts.ts';
import { change } from '../desire/change.ts';
import { afterSilence, isSilent } from '../health/silence.ts';
import { runPhases } from '../phases.ts';
import { candidate, unlaunchable } from '../replace/candidate.ts';
import { afterEnd, afterTimeout } from '../replace/repair.ts';
import { claim } from '../replace/rollout.ts';
import { judgeConditions } from '../report/conditions.ts';
import { serves } from '../report/ready.ts';
import { noRoom } from '../room/limits.ts';
import { block, type Draft, draftFrom, heed, propose, wakeAfter } from './decision.ts';
import type { Facts } from './facts.ts';
import type { View } from './view.ts';

const facts = fc.oneof(arbitraryFacts, arbitrarySilence);

/** A copy: the fixtures' own objects stay as other tests need them. */
function frozen<T>(value: T): T {
  return freeze(structuredClone(value));
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}

/** The draft as the conditions find it. */
function decided(given: Facts): Draft {
  const draft = draftFrom(given, later(0));
  runPhases(draft);
  return draft;
}

/** As it is on record once nothing more is written. */
function settled(given: Facts): Facts {
  let present = given;
  for (let pass = 0; pass < 4; pass += 1) {
    const { status } = decideAt(present);
    present = withStatus(present, JSON.parse(JSON.stringify(status)));
  }
  return present;
}

describe('questions don’t schedule, for any facts', () => {
  test('to judge the conditions changes neither effect, nor requeue, nor blocker, nor the status', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const draft = decided(given);
        const before = structuredClone(draft);
        judgeConditions(draft);
        expect(draft).toEqual(before);
        const { conditions, observedGeneration } = judgeConditions(frozen(draft));
        const { effect, requeueAfterMs, claim, status } = decideAt(given);
        expect({ effect, requeueAfterMs, claim }).toEqual({
          effect: before.effect,
          requeueAfterMs: before.requeueAfterMs,
          claim: before.claim,
        });
        expect(status).toEqual({ ...before.status, conditions, observedGeneration });
      }),
      { numRuns: 300 },
    );
  });

  test('no judgement changes what it judges', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const view: View = frozen(decided(given));
        const { launch } = view.status;
        unlaunchable(view);
        noRoom(view);
        if (!launch) return;
        candidate(view, launch.number + 1);
        serves(view, launch);
        isSilent(view, launch);
        change(view, launch);
        afterTimeout(view, launch);
        afterSilence(view, launch);
        claim(view, launch, { kind: 'SecretChanged', ref: '1' });
        if (launch.ended) afterEnd(view, launch, launch.ended);
      }),
      { numRuns: 300 },
    );
  });

  test('a write to a view does not compile: it is no draft', () => {
    const uncalled = (view: View) => {
      // @ts-expect-error no judgement schedules
      wakeAfter(view, 1);
      // @ts-expect-error nor blocks
      block(view, { reason: 'Paused', message: '' });
      // @ts-expect-error nor asks for an effect
      propose(view, { kind: 'AddFinalizer' });
      // @ts-expect-error nor takes up what another waits for
      heed(view, { forMs: 1 });
      // @ts-expect-error nor changes the status
      view.status.provisions = 1;
      // @ts-expect-error down to its last field
      if (view.status.launch?.params) view.status.launch.params.imageID = '';
    };
    expect(uncalled).toBeTypeOf('function');
  });
});

test('a decision holds until it says to look again: no condition and no effect comes of time alone before', () => {
  const moment = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(facts, moment, (given, share) => {
      const present = settled(given);
      const { effect, requeueAfterMs = 3 * DAY, status } = decideAt(present);
      // An effect is followed by another look at once.
      if (effect || requeueAfterMs === 0) return;
      const then = decideAt(present, Math.floor(share * (requeueAfterMs - 1)));
      expect(then.effect).toBeUndefined();
      expect(then.status).toEqual(status);
    }),
    { numRuns: 500 },
  );
});
