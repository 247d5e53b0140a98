import { desire } from './desire/desired.ts';
import type { Draft } from './facts/decision.ts';
import { awaitSilence } from './health/silence.ts';
import { arm } from './launch/arm.ts';
import { observeInstances } from './launch/instances.ts';
import { operate } from './launch/operating.ts';
import { abandon, deletePhase } from './record/deletion.ts';
import { resolveDoubt } from './record/doubt.ts';
import { initialise } from './record/initialise.ts';
import { recover } from './record/recovery.ts';
import { followReplacement, noteRefusal } from './record/replacement.ts';
import { terminateSuperseded } from './record/terminate.ts';
import { supersede } from './replace/supersede.ts';
import { leaveClasses, move } from './room/move.ts';

/** Runs every phase that amends a draft, in order. Conditions are judged from a view afterwards. */
export function runPhases(draft: Draft): void {
  // Each decision judges again what waits; the facts keep the earlier record.
  draft.status.deferred = undefined;
  draft.status.turn = undefined;
  if (draft.status.restarts) draft.status.restarts.next = undefined;
  decideLaunch(draft);
  awaitSilence(draft);
}

function decideLaunch(draft: Draft): void {
  if (!initialise(draft) || abandon(draft) || !recover(draft)) return;
  const deleting = draft.facts.workspace.metadata.deletionTimestamp !== undefined;
  if (!deleting && !move(draft)) return;
  if (!deleting) desire(draft);
  observeInstances(draft);
  followReplacement(draft);
  const doubt = resolveDoubt(draft);
  if (deleting) {
    if (!doubt) deletePhase(draft);
  } else if (!doubt) {
    operate(draft);
    supersede(draft);
  }
  terminateSuperseded(draft);
  leaveClasses(draft);
  if (!deleting) arm(draft);
  noteRefusal(draft);
}
