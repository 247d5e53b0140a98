import type { WorkspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import { isoOf } from '../../../controller/lib/time.ts';
import type { ClassFacts, ClassNow } from './facts.ts';

type Rollout = WorkspaceClassStatus['rollout'];

/** How far the changes are that have yet to reach running instances. One roll-out lasts until nothing is left of any. */
export function progressOf({ fleet }: ClassFacts, status: WorkspaceClassStatus, now: ClassNow): Rollout {
  const before = status.rollout;
  const { rolling } = fleet;
  const going = before && !before.endedAt ? before : undefined;
  if (!going && rolling === 0) return before;
  const startedAt = going?.startedAt ?? isoOf(beginOf(fleet.dueSince ?? now.wall, before, now));
  const updated = fleet.replacedSince(Date.parse(startedAt));
  const total = updated + rolling;
  if (rolling === 0) return { startedAt, total, updated, endedAt: isoOf(now.wall) };
  const halted = status.halted !== undefined || holdsAll(fleet);
  // A roll-out that has not moved keeps its estimate: a later one would be a write without news.
  const still = going?.updated === updated && going.total === total && !halted;
  const estimatedEndAt = halted
    ? undefined
    : still
      ? (going.estimatedEndAt ?? estimate(fleet, now))
      : estimate(fleet, now);
  return { startedAt, total, updated, estimatedEndAt };
}

/** Not before the one before has ended, nor in a future that a clock set back has left behind. */
function beginOf(dueSince: number, before: Rollout, now: ClassNow): number {
  return Math.min(now.wall, Math.max(dueSince, Date.parse(before?.endedAt ?? '') || 0));
}

/** As many at once as may be, each taking as long as those before. */
function estimate({ rolling, limit, meanMs }: ClassFacts['fleet'], now: ClassNow): string | undefined {
  if (meanMs === undefined) return undefined;
  return isoOf(now.wall + Math.ceil(rolling / Math.max(1, limit)) * meanMs);
}

/** Whether nothing of the roll-out goes on before what was taken down is back. */
export function holdsAll({ stuck }: ClassFacts['fleet']): boolean {
  return stuck.refused.count > 0 || stuck.isAllHalted;
}
