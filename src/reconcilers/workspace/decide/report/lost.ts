import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';

/** Whether the status went back to an earlier one, as from a backup: what it shows as new or gone happened before. */
export function wentBack(before: WorkspaceStatus | undefined, after: WorkspaceStatus): boolean {
  return (after.launch?.number ?? 0) < (before?.launch?.number ?? 0);
}

/**
 * Whether the later status has a launch that was found again after the status was lost. It was not armed, so it has no parameters.
 * It counted when it began, and so did the generations that are skipped because it may have carried them out.
 */
export function foundAgain({ launch: known }: WorkspaceStatus, { launch }: WorkspaceStatus): boolean {
  if (launch?.instanceID === undefined || launch.params) return false;
  return known?.number !== launch.number || known.instanceID === undefined;
}
