import { FINALIZER } from '../../../../api/base/meta.ts';
import type { Launch } from '../../../../api/kinds/workspace.ts';
import type { Draft } from '../facts/decision.ts';
import { askFinalizer } from './finalizer.ts';

/**
 * The first status comes before the finalizer, the finalizer before any launch: a finalizer without
 * launch.number can then only mean that the status was wiped.
 * Returns whether the Workspace is ready for the other phases.
 */
export function initialise(draft: Draft): boolean {
  const { workspace } = draft.facts;
  const deleting = workspace.metadata.deletionTimestamp !== undefined;
  const finalized = workspace.metadata.finalizers?.includes(FINALIZER) ?? false;
  if (!finalized && deleting) return false;
  // Before the first launch there is nothing to send or to end; a record of another kind is not ours.
  const { launch } = draft.status;
  if (launch?.number === 0 && (launch.phase !== 'Closed' || launch.instanceID !== undefined))
    draft.status.launch = unlaunched();
  if (!finalized && !draft.status.launch) {
    draft.status.uid = workspace.metadata.uid;
    draft.status.launch = unlaunched();
    const restart = workspace.spec.requests.restart;
    draft.status.handled = restart ? { restart } : {};
  }
  if (!finalized) {
    askFinalizer(draft, 'AddFinalizer');
    return false;
  }
  return true;
}

/** As it is before the first launch. */
function unlaunched(): Launch {
  return { number: 0, generation: 0, phase: 'Closed', failures: 0 };
}
