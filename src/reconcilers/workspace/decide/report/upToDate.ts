import type { Verdict } from '../../../../api/base/meta.ts';
import type { Reason } from '../../../../api/reasons/reasons.ts';
import { isCurrent } from '../desire/change.ts';
import { askedRestart } from '../desire/restart.ts';
import type { View } from '../facts/view.ts';
import { progresses } from '../record/deadline.ts';
import { moveObstacle } from '../room/move.ts';

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
  const waits = restartWaits(view);
  if (waits) return waits;
  const served = instance?.env !== undefined && instance.id === launch.instanceID;
  if (launch.phase !== 'Submitted' || launch.ended || !served) {
    return { ...ready, status: 'False' };
  }
  const obstacle = moveObstacle(view);
  if (obstacle) return { status: 'False', ...obstacle };
  return { status: 'True', reason: 'UpToDate', message: `Generation ${desired.generation} is carried out.` };
}

function restartWaits({ status: { restarts } }: View): Verdict<Reason> | undefined {
  if (restarts?.next === undefined) return undefined;
  const message = `A restart was asked for; it is carried out at ${restarts.next}. ${restarts.count} were carried out in a row, the last one at ${restarts.at}, and each one waits longer than the one before; see what keeps setting spec.requests.restart.`;
  return { status: 'False', reason: 'RestartBackOff', message };
}

/** Whether a pause holds something back. */
function held(view: View): boolean {
  const { facts } = view;
  if (facts.move) return true;
  return facts.process.change !== undefined || askedRestart(view) !== undefined;
}

function names(changed: readonly string[] | undefined): string {
  return changed && changed.length > 0 ? `: ${changed.slice(0, 5).join(', ')}` : '';
}
