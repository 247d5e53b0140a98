import { askedRestart } from '../desire/restart.ts';
import type { View } from '../facts/view.ts';
import { isMoving } from '../room/move.ts';

/**
 * The spec's generation, once what it asks for is decided; until then the one before. A client that waits for a generation
 * (kstatus, kubectl wait) would otherwise take what was before it for its result.
 */
export function observedGeneration(view: View): number {
  const { generation = 0 } = view.facts.workspace.metadata;
  const { observedGeneration: before } = view.status;
  return before >= 0 && isUndecided(view) ? before : generation;
}

/** A change that has not stood still yet, a request that no launch answers, or Secrets that could not be read. */
function isUndecided(view: View): boolean {
  const { facts, status, blocker } = view;
  const { metadata, spec } = facts.workspace;
  if (metadata.deletionTimestamp !== undefined || spec.paused || blocker) return false;
  if (facts.environment.kind === 'Unknown' || isMoving(view)) return true;
  const { change } = facts.process;
  const { desired } = status;
  if (change && desired && (change.env !== desired.env || change.machine !== desired.machine)) return true;
  // That it waits, and until when, is an answer.
  return askedRestart(view) !== undefined && status.restarts?.next === undefined;
}
