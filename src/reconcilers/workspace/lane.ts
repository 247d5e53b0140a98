import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Lane } from '../../controller/loop/lanes.ts';

/**
 * How urgent a look at a Workspace is, from its object alone and not from what woke it. So the canary's steps, or a person's
 * Stop, do not wait behind ten thousand looks after an edit of the class.
 */
export function laneOf(workspace: Workspace | undefined): Lane {
  if (!workspace) return 'routine';
  if (isAsked(workspace)) return 'urgent';
  return isUnderWay(workspace) ? 'active' : 'routine';
}

/** A person edited the object or asked for something, and no pass has answered yet. */
function isAsked({ metadata, spec, status }: Workspace): boolean {
  const { restart } = spec.requests;
  if ((metadata.generation ?? 0) > (status?.observedGeneration ?? -1)) return true;
  if (restart && restart !== status?.handled?.restart) return true;
  const phase = status?.launch?.phase;
  return spec.operatingMode === 'Stopped'
    ? phase === 'Waiting' || phase === 'Submitted'
    : phase === 'Stopped';
}

/** A launch, a stop or an end of its instance has begun and is not over. */
function isUnderWay({ metadata, spec, status }: Workspace): boolean {
  const { launch, terminating, instance } = status ?? {};
  if (metadata.deletionTimestamp !== undefined || (terminating?.length ?? 0) > 0) return true;
  if (spec.operatingMode === 'Stopped') return launch?.phase === 'Stopped' && instance?.state !== 'stopped';
  return launch?.phase === 'Waiting' || (launch?.phase === 'Submitted' && !launch.readyAt && !launch.ended);
}
