import type { Verdict } from '../../../api/meta.ts';
import type { Reason } from '../../../api/reasons.ts';
import { isCurrent, progresses } from './change.ts';
import { moveObstacle } from './move.ts';
import type { View } from './view.ts';

/** Whether the present launch carries out what is desired, and otherwise what it waits for. */
export function judgeUpToDate(view: View, ready: Verdict<Reason>): Verdict<Reason> {
  const { deferred, desired, instance, launch } = view.status;
  if (!launch || !desired) return { ...ready, status: 'False' };
  if (deferred) {
    const why = `launch ${launch.number} is ${progresses(view, launch) ? 'still starting' : 'too young'}`;
    const message = `${desired.cause} (generation ${deferred.generation})${names(desired.changed)} is carried out at ${deferred.until} at the latest: ${why}.`;
    return { status: 'False', reason: 'Deferred', message };
  }
  const current = isCurrent(view, launch);
  if (view.blocker && (ready.status === 'True' || !current)) return { status: 'False', ...view.blocker };
  const paused = view.facts.workspace.spec.paused;
  if (!current) {
    const reason = paused ? 'Paused' : 'Updating';
    return {
      status: 'False',
      reason,
      message: `Generation ${desired.generation} (${desired.cause}) is not carried out.`,
    };
  }
  if (paused && held(view)) {
    const message = 'A change or a restart was asked for; it follows once spec.paused is unset.';
    return { status: 'False', reason: 'Paused', message };
  }
  const served = instance?.env !== undefined && instance.id === launch.instanceID;
  if (launch.phase !== 'Submitted' || launch.ended || !served) {
    return { ...ready, status: 'False' };
  }
  const waits = moveObstacle(view);
  if (waits) return { status: 'False', ...waits };
  return { status: 'True', reason: 'UpToDate', message: `Generation ${desired.generation} is carried out.` };
}

/** Whether a pause holds something back. */
function held({ facts, status }: View): boolean {
  const { restart } = facts.workspace.spec.requests;
  if (facts.move) return true;
  return facts.process.change !== undefined || (restart ? restart !== status.handled?.restart : false);
}

function names(changed: readonly string[] | undefined): string {
  return changed && changed.length > 0 ? `: ${changed.slice(0, 5).join(', ')}` : '';
}
