import type { WorkspaceClassSpec } from '../../../api/workspaceClass.ts';

/** How many of so many Workspaces may be down at once for a roll-out: rounded down, but never none, or it would never end. */
export function maxUnavailable({ rollout }: Pick<WorkspaceClassSpec, 'rollout'>, counted: number): number {
  const value = rollout.maxUnavailable;
  const share = Number.parseInt(value, 10);
  return Math.max(1, value.endsWith('%') ? Math.floor((counted * share) / 100) : share);
}
