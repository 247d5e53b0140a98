import { hasDesiredImage, sameMachine } from '../../../api/machine.ts';
import type { Cause, Launch } from '../../../api/workspace.ts';
import { untilDeadline } from './deadline.ts';
import { type Draft, wakeAfter } from './decision.ts';
import { holdsDesiredEnvironment, isUnderLostKey } from './desired.ts';

/** Wall ms before which no programmatic change may supersede this launch. */
export function earliestChange(draft: Draft, launch: Launch): number {
  const minIntervalMs =
    (draft.facts.class?.spec.rollout.minIntervalSeconds ?? 60) * draft.facts.timing.secondMs;
  const submittedAt = Date.parse(launch.submittedAt ?? '');
  // The clock was set back since: how long ago that was nobody knows, and no change waits until it has caught up.
  return submittedAt > draft.now.wall ? draft.now.wall : submittedAt + minIntervalMs;
}

/** Armed, not over, not yet heard of, and within its deadline: nothing programmatic may supersede it. */
export function progresses(draft: Draft, launch: Launch): boolean {
  if (launch.phase !== 'Submitted' || launch.readyAt || launch.ended) return false;
  return untilDeadline(draft, launch) > 0;
}

/** A running instance that does not hold what is desired, by digests; deferred while the launch is young or progresses. */
export function change(draft: Draft, launch: Launch): Cause | undefined {
  const { desired, instance } = draft.status;
  if (!desired || desired.generation <= launch.generation || isCurrent(draft, launch)) return undefined;
  // What EC2 does not show is looked for first: it is found again, or proven gone and replaced for that.
  if (instance?.state === 'Unknown') return undefined;
  // It binds anew when it starts; only another machine needs another instance.
  if (launch.phase === 'Stopped' && isCurrentMachine(draft, launch)) return undefined;
  const at = earliestChange(draft, launch);
  const progressing = progresses(draft, launch);
  if (at <= draft.now.wall && !progressing) return { kind: desired.cause, ref: String(desired.generation) };
  draft.deferredUntil = progressing ? Math.max(at, Date.parse(launch.deadline ?? '')) : at;
  wakeAfter(draft, Math.max(at - draft.now.wall, progressing ? untilDeadline(draft, launch) : 0));
  return undefined;
}

export function isCurrentMachine(draft: Draft, launch: Launch): boolean {
  const { desired } = draft.status;
  if (desired === undefined || launch.machine === undefined) return true;
  return (
    sameMachine(launch.machine, desired.machine) && hasDesiredImage(desired.machine, launch.params?.imageID)
  );
}

/** Secrets bind late: an instance that holds no environment yet will be served the desired one. */
export function isCurrent(draft: Draft, launch: Launch): boolean {
  const { desired, instance } = draft.status;
  if (!desired) return true;
  if (!isCurrentMachine(draft, launch)) return false;
  const held = instance?.env;
  if (held === undefined) return true;
  // What it holds can't be compared; it was current when that could be told, or it was not.
  if (isUnderLostKey(draft.facts, held)) return launch.generation >= desired.generation;
  return holdsDesiredEnvironment(draft.facts, desired.env, held);
}
