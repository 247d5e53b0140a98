import { ABANDON_ANNOTATION } from '../../../../api/base/meta.ts';
import { awaitSweep, type Draft, eventOf, wakeAfter } from '../facts/decision.ts';
import { sweptThisTerm } from '../facts/swept.ts';
import { isAnothers, provenGone, recordEnd, remember, trackEnding } from './ending.ts';
import { askFinalizer, finalizerRefused } from './finalizer.ts';

const SWEEP_RETRY_MS = 1000;

/** The way out when the account itself is gone: it waits for nothing, as nothing may ever come. Returns whether it was asked for. */
export function abandon(draft: Draft): boolean {
  const { annotations, deletionTimestamp } = draft.facts.workspace.metadata;
  if (deletionTimestamp === undefined || annotations?.[ABANDON_ANNOTATION] !== 'true') return false;
  if (!askFinalizer(draft, 'RemoveFinalizer')) return true;
  draft.events.push(
    eventOf(
      'TerminationBlocked',
      `Let go on request (annotation ${ABANDON_ANNOTATION}) without proof that its instances are gone.`,
    ),
  );
  return true;
}

/** Ends everything the Workspace ever launched; the finalizer goes last, when each is proven gone. */
export function deletePhase(draft: Draft): void {
  const { facts, status } = draft;
  const { launch } = status;
  if (launch?.phase === 'Waiting') {
    launch.phase = 'Closed';
    remember(draft, launch, 'Closed');
  }
  if (launch?.instanceID !== undefined && !launch.ended) {
    recordEnd(draft, launch, 'Deleted');
    if (!provenGone(draft, launch.number, launch.instanceID)) {
      trackEnding(draft, launch.number, launch.instanceID);
    }
  }
  const live = facts.instances.some(
    (instance) => !isAnothers(draft, instance) && !provenGone(draft, instance.number, instance.id),
  );
  if (sweptThisTerm(facts) && !live && !status.terminating) {
    askFinalizer(draft, 'RemoveFinalizer');
    // The room is free, however long the object stays.
    if (launch && finalizerRefused(draft, 'RemoveFinalizer')) launch.phase = 'Closed';
    return;
  }
  // What lives, and can't be seen to end, is looked for as without a rest.
  awaitSweep(draft, 'each');
  wakeAfter(draft, sweptThisTerm(facts) ? facts.timing.terminateRetryMs : SWEEP_RETRY_MS);
}
