import { ABANDON_ANNOTATION } from '../../../api/meta.ts';
import { type Draft, propose, wakeAfter } from './decision.ts';
import { provenGone, recordEnd, remember, trackEnding } from './ending.ts';

/** Ends everything the Workspace ever launched; the finalizer goes last, when each is proven gone. */
export function deletePhase(draft: Draft): void {
  const { facts, status } = draft;
  const { launch } = status;
  if (facts.workspace.metadata.annotations?.[ABANDON_ANNOTATION] === 'true') {
    draft.events.push({
      type: 'Warning',
      reason: 'TerminationBlocked',
      message: `Let go on request (annotation ${ABANDON_ANNOTATION}) without proof that its instances are gone.`,
    });
    propose(draft, { kind: 'RemoveFinalizer' });
    return;
  }
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
  const swept = facts.sweptAt !== undefined && facts.sweptAt >= facts.process.termAt;
  const live = facts.instances.some((instance) => !provenGone(draft, instance.number, instance.id));
  if (swept && !live && !status.terminating) {
    propose(draft, { kind: 'RemoveFinalizer' });
    return;
  }
  wakeAfter(draft, facts.timing.terminateRetryMs);
}
