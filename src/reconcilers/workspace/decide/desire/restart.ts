import type { Cause, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { iso, msBetween, parseStamp, plus } from '../../../../controller/lib/time.ts';
import type { Timing } from '../facts/facts.ts';
import type { Answer, FrozenLaunch, View } from '../facts/view.ts';
import { progresses } from '../record/deadline.ts';

type Restarts = NonNullable<WorkspaceStatus['restarts']>;

const MOST_COUNTED = 1000;

/** The restart that a person asks for and no launch has answered. */
export function askedRestart({ facts, status }: View): string | undefined {
  const { restart } = facts.workspace.spec.requests;
  return restart && restart !== status.handled?.restart ? restart : undefined;
}

/** Whether this launch is the new instance that was asked for: it is there for a restart, and boots. */
export function answersRestart(view: View, launch: FrozenLaunch): boolean {
  return launch.cause?.kind === 'Restart' && launch.after === undefined && progresses(view, launch);
}

/**
 * The first restart is carried out at once. One that follows waits until a pause since the last one is over, which doubles
 * from one to the next: a script that asks again and again must not keep an instance from serving.
 */
export function afterRestart({ facts, now, status }: View, ref: string): Answer<Cause> {
  const value: Cause = { kind: 'Restart', ref };
  const { restarts } = status;
  if (!restarts) return { value };
  const at = parseStamp(restarts.at);
  const until = plus(at, pauseMs(restarts.count, facts.timing));
  // The clock was set back since, so the age is unknown. A restart doesn't wait until the clock has caught up.
  if (at > now.wall || until <= now.wall) return { value };
  return { restartAt: iso(until), forMs: msBetween(now.wall, until) };
}

/** The pause after `count` restarts in a row, ms. */
function pauseMs(count: number, { repairBackoffMinMs, repairBackoffMaxMs }: Timing): number {
  return Math.min(repairBackoffMinMs * 2 ** Math.min(count - 1, 16), repairBackoffMaxMs);
}

/**
 * The record after one more restart. As with kubelet's back-off, twice the longest pause without a restart
 * ends the row.
 */
export function countRestart({ facts: { timing }, now, status: { restarts } }: View): Restarts {
  const ago = restarts ? msBetween(parseStamp(restarts.at), now.wall) : 0;
  const before = ago < 2 * timing.repairBackoffMaxMs ? (restarts?.count ?? 0) : 0;
  return { count: Math.min(before + 1, MOST_COUNTED), at: iso(now.wall) };
}
