import type { Workspace } from '../../api/kinds/workspace.ts';
import { isComingUp } from '../../api/launch/progressing.ts';
import { keyOf } from '../../controller/cache/store.ts';
import type { GatewayParts } from '../http/parts.ts';
import { StoreUnavailable } from '../store/heartbeatStore.ts';

export interface ReportRequest {
  namespace: string;
  name: string;
}

/** Why a report triggers no look; for docs/metrics-and-events.md. */
export const DROPPED = {
  NoLaunch: 'nothing was launched yet',
  Progressing: 'the launch is still coming up',
  StorageUnavailable: 'the database is away',
} as const satisfies Readonly<Record<string, string>>;

/**
 * "This looks dead." Always accepted, and never more than a reason to look: while the launch progresses it is counted
 * and logged as dropped, otherwise it makes the loop look now.
 */
export async function report(parts: GatewayParts, { namespace, name }: ReportRequest): Promise<void> {
  const workspace = parts.workspaces.get(keyOf(namespace, name));
  const number = workspace?.status?.launch?.number;
  const drop = (reason: keyof typeof DROPPED) => {
    parts.metrics.reports.inc({ outcome: 'dropped' });
    parts.logger.info({ namespace, name, number, reason }, 'report.dropped');
  };
  if (!workspace || number === undefined) return drop('NoLaunch');
  const launch = { uid: workspace.metadata.uid, number };
  const outcome = isProgressing(workspace) ? 'dropped' : 'forwarded';
  try {
    if (number > 0) await parts.store.recordReport(launch, outcome);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    parts.logger.warn({ namespace, name, number, cause: error.message }, 'report not stored');
    return drop(outcome === 'dropped' ? 'Progressing' : 'StorageUnavailable');
  }
  if (outcome === 'dropped') return drop('Progressing');
  parts.metrics.reports.inc({ outcome });
  parts.logger.info({ namespace, name, number }, 'report.forwarded');
}

/** Decided, or sent and coming up. */
function isProgressing(workspace: Workspace): boolean {
  const launch = workspace.status?.launch;
  if (!launch || launch.number === 0 || launch.phase === 'Waiting') return true;
  return isComingUp(launch);
}
