import type { Timing } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';

export const SECOND = 1000;

/** It is always this moment; what happened before it moves back as time passes. */
export const NOW = 1_000_000;

export const timing: Timing = {
  lateMs: 2 * SECOND,
  visibilityMs: 2 * SECOND,
  repairBackoffMinMs: SECOND,
  repairBackoffMaxMs: 2 * SECOND,
  replayBackoffMinMs: 0,
  replayBackoffMaxMs: 0,
  terminateRetryMs: SECOND,
  replayMaxAgeMs: 1_000_000 * SECOND,
  secondMs: SECOND,
};
