import { conditionIn } from '../../api/base/conditions.ts';
import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';
import { CLASS_WIDE_REASONS, READY_REASONS, readyTraitsOf } from '../../api/reasons/reasons.ts';
import { objectKey } from '../../controller/cache/store.ts';

/**
 * What brings back a Workspace that is down. `owner`: its owner alone can, as where a Secret is missing. `capacity`: AWS's, a
 * quota, or room in the class, which all of the class wait for. `platform`: all else, which is for who runs the platform.
 */
export const FIXERS = ['owner', 'capacity', 'platform'] as const;
export type FixedBy = (typeof FIXERS)[number];

/** Stands for a reason that another release wrote, and for a Workspace that no pass has judged yet. */
const UNKNOWN = 'Unknown';
/** Every value of the label `reason`. */
export const FIGURE_REASONS: readonly string[] = [...Object.keys(READY_REASONS), UNKNOWN];

/** What one Workspace adds to the metrics of its class: all of it from its object alone. */
export interface Figure {
  key: string;
  className: string;
  /** Ready's reason. */
  reason: string;
  /** It should serve and does not: since when, wall ms. */
  down?: { since: number; fixedBy: FixedBy } | undefined;
  /** Since when the first of its instances that are to end is not proven gone, or since its deletion was asked for; wall ms. */
  endingSince?: number | undefined;
}

export function figureOf(workspace: Workspace): Figure {
  const { metadata, status } = workspace;
  const ready = conditionIn(status, 'Ready');
  const reason = ready && Object.hasOwn(READY_REASONS, ready.reason) ? ready.reason : UNKNOWN;
  return {
    key: objectKey({ metadata }),
    className: classNameOf(workspace),
    reason,
    down:
      shouldServe(workspace) && ready?.status !== 'True' ? downSince(workspace, reason, ready) : undefined,
    endingSince: endingSince(workspace),
  };
}

function shouldServe({ metadata, spec }: Workspace): boolean {
  return spec.operatingMode === 'Running' && !spec.paused && metadata.deletionTimestamp === undefined;
}

function downSince(
  { metadata }: Workspace,
  reason: string,
  ready: { lastTransitionTime: string } | undefined,
): Figure['down'] {
  const since = momentIn(ready?.lastTransitionTime) ?? momentIn(metadata.creationTimestamp);
  return since === undefined ? undefined : { since, fixedBy: fixerOf(reason) };
}

function fixerOf(reason: string): FixedBy {
  if (Object.hasOwn(CLASS_WIDE_REASONS, reason)) return 'capacity';
  return readyTraitsOf(reason)?.ownersMatter ? 'owner' : 'platform';
}

function endingSince({ metadata, status }: Workspace): number | undefined {
  const ends = (status?.terminating ?? []).map(({ number }) => endOf(number, status));
  const known = [metadata.deletionTimestamp, ...ends].flatMap((stamp) => momentIn(stamp) ?? []);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** When this launch was given up; its successor's beginning, where the record of that is gone. */
function endOf(number: number, status: WorkspaceStatus | undefined): string | undefined {
  return status?.history?.find((past) => past.number === number)?.endedAt ?? status?.launch?.openedAt;
}

function momentIn(stamp: string | undefined): number | undefined {
  const at = Date.parse(stamp ?? '');
  return Number.isNaN(at) ? undefined : at;
}
