import { type Decision, draftFrom } from './facts/decision.ts';
import type { Facts, Now } from './facts/facts.ts';
import { runPhases } from './phases.ts';
import { judgeConditions } from './report/conditions.ts';

/** Decides what to do about one Workspace. It is pure, so that a table, a search and the running operator call the same function. */
export function decide(facts: Facts, now: Now): Decision {
  const draft = draftFrom(facts, now);
  runPhases(draft);
  const { observedGeneration, conditions, events } = judgeConditions(draft);
  const { effect, requeueAfterMs, settled, disarmed, needsResolution, awaitsOffering, claim, ask, sweep } =
    draft;
  return {
    status: { ...draft.status, observedGeneration, conditions },
    effect,
    requeueAfterMs,
    events: [...draft.events, ...events],
    settled,
    disarmed,
    needsResolution,
    awaitsOffering,
    claim,
    ask,
    sweep,
  };
}
