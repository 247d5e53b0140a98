import type { Condition, Verdict } from './meta.ts';

/** Kubernetes' limit of a condition's message, characters. */
const LONGEST_MESSAGE = 4_096;

/** The condition of this type that a status holds. */
export function conditionIn<C extends { type: string }>(
  status: { conditions?: readonly C[] | undefined } | undefined,
  type: string,
): C | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** A verdict as the condition to write: its time of transition moves only with its status. */
export function conditionFor(
  type: string,
  verdict: Verdict<string>,
  { before, generation, at }: { before: Condition | undefined; generation: number; at: string },
): Condition {
  return {
    type,
    status: verdict.status,
    observedGeneration: generation,
    lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : at,
    reason: verdict.reason,
    // Half a character at the cut would come back from the API server as another one, and be written again each time.
    message: verdict.message.slice(0, LONGEST_MESSAGE).toWellFormed(),
  };
}
