import type { Cause } from '../../../../api/kinds/workspace.ts';
import { hasDesiredImage, sameMachine } from '../../../../api/launch/machine.ts';
import { iso, latest, msBetween, parseStamp, plus, type WallMs } from '../../../../controller/lib/time.ts';
import { madeAs } from '../facts/made.ts';
import type { Answer, FrozenLaunch, View } from '../facts/view.ts';
import { progresses, untilDeadline } from '../record/deadline.ts';
import { holdsDesiredEnvironment, isUnderLostKey } from './desired.ts';

/** When a programmatic change may supersede this launch. */
export function earliestChange(view: View, launch: FrozenLaunch): WallMs {
  const minIntervalMs =
    (view.facts.class?.spec.rollout.minIntervalSeconds ?? 60) * view.facts.timing.secondMs;
  // One that was never sent is not young.
  if (launch.submittedAt === undefined) return view.now.wall;
  const submittedAt = parseStamp(launch.submittedAt);
  // The clock was set back since, so the age is unknown. A change doesn't wait until the clock has caught up.
  return submittedAt > view.now.wall ? view.now.wall : plus(submittedAt, minIntervalMs);
}

/** A running instance that does not hold what is desired, by digests; deferred while the launch is young or progresses. */
export function change(view: View, launch: FrozenLaunch): Answer<Cause> {
  const { desired, instance } = view.status;
  if (!desired || desired.generation <= launch.generation || isCurrent(view, launch)) return {};
  // Look for an instance that EC2 does not show first: it is found again, or proven gone and replaced for that.
  if (instance?.state === 'Unknown') return {};
  // It binds again when it starts; only another machine needs another instance.
  if (launch.phase === 'Stopped' && isCurrentMachine(view, launch)) return {};
  if (isTakenBack(view, launch)) return {};
  const at = earliestChange(view, launch);
  const progressing = progresses(view, launch);
  if (at <= view.now.wall && !progressing) {
    return { value: { kind: desired.cause, ref: String(desired.generation) } };
  }
  const until = progressing ? latest(at, parseStamp(launch.deadline)) : at;
  return {
    deferred: { generation: desired.generation, until: iso(until) },
    forMs: Math.max(msBetween(view.now.wall, at), progressing ? untilDeadline(view, launch) : 0),
  };
}

/** Whether the change was taken back: the objects again match the instance, and only have yet to stand still. */
function isTakenBack(view: View, launch: FrozenLaunch): boolean {
  const { desired } = view.status;
  const { change: pending } = view.facts.process;
  if (!desired || !pending) return false;
  const { env, machine } = pending;
  return isCurrent({ ...view, status: { ...view.status, desired: { ...desired, env, machine } } }, launch);
}

export function isCurrentMachine(view: View, launch: FrozenLaunch): boolean {
  const { desired } = view.status;
  if (desired === undefined || launch.machine === undefined) return true;
  return (
    sameMachine(launch.machine, desired.machine) && hasDesiredImage(desired.machine, madeAs(launch).imageID)
  );
}

/** Secrets bind late: an instance that holds no environment yet will be served the desired one. */
export function isCurrent(view: View, launch: FrozenLaunch): boolean {
  const { desired, instance } = view.status;
  if (!desired) return true;
  if (!isCurrentMachine(view, launch)) return false;
  const held = instance?.env;
  if (held === undefined) return true;
  // Its digest can't be compared any more; the launch's generation shows whether it was current while it could.
  if (isUnderLostKey(view.facts, held)) return launch.generation >= desired.generation;
  return holdsDesiredEnvironment(view.facts, desired.env, held);
}
