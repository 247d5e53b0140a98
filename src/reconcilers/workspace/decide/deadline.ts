import type { WorkspaceStatus } from '../../../api/workspace.ts';
import { msBetween, parseStamp, plus } from '../../../controller/time.ts';
import type { DeadlineFact, Now } from './facts.ts';
import type { FrozenLaunch, View } from './view.ts';

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
  const left = msBetween(now.wall, parseStamp(launch.deadline));
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
