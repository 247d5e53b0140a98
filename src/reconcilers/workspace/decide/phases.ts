import { arm } from './arm.ts';
import type { Draft } from './decision.ts';
import { abandon, deletePhase } from './deletion.ts';
import { desire } from './desired.ts';
import { resolveDoubt } from './doubt.ts';
import { initialise } from './initialise.ts';
import { observeInstances } from './instances.ts';
import { leaveClasses, move } from './move.ts';
import { operate } from './operating.ts';
import { recover } from './recovery.ts';
import { followReplacement, noteRefusal } from './replacement.ts';
import { awaitSilence } from './silence.ts';
import { supersede } from './supersede.ts';
import { terminateSuperseded } from './terminate.ts';

/** All that amends a draft, in order. What is shown of it afterwards is judged from a view. */
export function runPhases(draft: Draft): void {
  // Each decision finds out again what waits; what is on record stays in the facts.
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
