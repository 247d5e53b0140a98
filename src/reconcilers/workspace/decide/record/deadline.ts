import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { isComingUp } from '../../../../api/launch/progressing.ts';
import { msBetween, parseStamp, plus } from '../../../../controller/lib/time.ts';
import type { Now } from '../facts/facts.ts';
import type { DeadlineFact, EndFact } from '../facts/processFacts.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';

/**
 * Turns a deadline on record, which is wall time, into a moment of this process's monotonic clock: once, when it is first
 * seen. From then on a wall clock that jumps ahead cuts no boot short, and one that is set back prolongs none.
 */
export function trackDeadline(
  previous: DeadlineFact | undefined,
  status: WorkspaceStatus | undefined,
  now: Now,
): DeadlineFact | undefined {
  const launch = status?.launch;
  if (launch?.deadline === undefined) return undefined;
  if (previous && isOf(previous, launch)) return previous;
  const left = Math.min(
    msBetween(now.wall, parseStamp(launch.deadline)),
    // A clock that was set back since the launch was armed gives it no more than it was to have.
    launch.submittedAt === undefined
      ? Number.POSITIVE_INFINITY
      : msBetween(parseStamp(launch.submittedAt), parseStamp(launch.deadline)),
  );
  return { number: launch.number, deadline: launch.deadline, at: plus(now.mono, left) };
}

function isOf(known: DeadlineFact, { number, deadline }: FrozenLaunch): boolean {
  return known.number === number && known.deadline === deadline;
}

/** In how many ms the launch must have been heard; not positive once it should have been, NaN without a deadline. */
export function untilDeadline({ facts, now }: View, launch: FrozenLaunch): number {
  const known = facts.process.deadline;
  if (known && isOf(known, launch)) return msBetween(now.mono, known.at);
  return msBetween(now.wall, parseStamp(launch.deadline));
}

/** Coming up, and within its deadline: nothing programmatic may supersede it. */
export function progresses(view: View, launch: FrozenLaunch): boolean {
  return isComingUp(launch) && untilDeadline(view, launch) > 0;
}

/**
 * The same for a recorded end, which a pause is counted from. A stamp from a clock that was ahead is taken for the moment
 * when this process first saw it: no repair waits until the clock has caught up.
 */
export function trackEnd(
  previous: EndFact | undefined,
  status: WorkspaceStatus | undefined,
  now: Now,
): EndFact | undefined {
  const { number, ended } = status?.launch ?? {};
  if (number === undefined || ended === undefined) return undefined;
  if (previous?.number === number && previous.stamp === ended.at) return previous;
  const ago = Math.max(0, msBetween(parseStamp(ended.at), now.wall));
  return { number, stamp: ended.at, at: plus(now.mono, -ago) };
}

/** How long ago the launch ended, ms, never negative. */
export function sinceEnd({ facts, now }: View, launch: FrozenLaunch, endedAt: string): number {
  const known = facts.process.ended;
  if (known?.number === launch.number && known.stamp === endedAt) return msBetween(known.at, now.mono);
  return Math.max(0, msBetween(parseStamp(endedAt), now.wall));
}
