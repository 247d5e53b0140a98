import { arm } from './arm.ts';
import { writeConditions } from './conditions.ts';
import { type Decision, type Draft, draftFrom } from './decision.ts';
import { abandon, deletePhase } from './deletion.ts';
import { desire } from './desired.ts';
import { resolveDoubt } from './doubt.ts';
import type { Facts, Now } from './facts.ts';
import { initialise } from './initialise.ts';
import { observeInstances } from './instances.ts';
import { operate } from './operating.ts';
import { recover } from './recovery.ts';
import { supersede } from './supersede.ts';
import { terminateSuperseded } from './terminate.ts';

/** What is to be done about one Workspace: pure, so that a table, a search and the running operator ask the same function. */
export function decide(facts: Facts, now: Now): Decision {
  const draft = draftFrom(facts, now);
  runPhases(draft);
  writeConditions(draft);
  const { status, effect, requeueAfterMs, events, settled, needsResolution, claim } = draft;
  return { status, effect, requeueAfterMs, events, settled, needsResolution, claim };
}

function runPhases(draft: Draft): void {
  if (!initialise(draft) || abandon(draft) || !recover(draft)) return;
  const deleting = draft.facts.workspace.metadata.deletionTimestamp !== undefined;
  if (!deleting) desire(draft);
  observeInstances(draft);
  const doubt = resolveDoubt(draft);
  if (deleting) {
    if (!doubt) deletePhase(draft);
  } else if (!doubt) {
    operate(draft);
    supersede(draft);
  }
  terminateSuperseded(draft);
  if (!deleting) arm(draft);
}
