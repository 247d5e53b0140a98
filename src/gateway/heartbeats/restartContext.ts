import type { Cause, CauseKind, Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';
import { isRestart, isStandIn, outdatedBy } from '../../api/reasons/causes.ts';

/** Why an agent finds itself on a new instance. A type, not an interface, so that it fits an Answer. */
export type RestartContext = {
  /** When the launch was decided; RFC 3339. */
  at?: string;
  /** What the restart was for, e.g. SecretChanged or Restart. */
  cause: CauseKind;
  /** Names of what changed (`secret/KEY`), never values; empty when the cause was no change. */
  changed: readonly string[];
};

/** The context of the present launch; none for the first launch of a Workspace, which restarts nothing. */
export function restartContext({ status }: Workspace): RestartContext | undefined {
  const { launch, desired } = status ?? {};
  const cause = launch?.cause && standsFor(launch.number, launch.cause, status?.history ?? []);
  if (!cause || !isRestart(cause.kind)) return undefined;
  const at = launch.openedAt ?? launch.submittedAt;
  // The names belong to a generation; those of a later one would explain another launch.
  const changed = desired?.generation === launch.generation ? (desired.changed ?? []) : [];
  return {
    ...(at !== undefined && { at }),
    cause: cause.kind,
    changed: outdatedBy(cause.kind) ? changed : [],
  };
}

/** A launch in place of one that EC2 refused is there for what that one was for, as far back as the history goes. */
function standsFor(number: number, cause: Cause, history: NonNullable<WorkspaceStatus['history']>): Cause {
  if (!isStandIn(cause.kind)) return cause;
  const refused = history.find((entry) => entry.number < number && String(entry.number) === cause.ref);
  return refused ? standsFor(refused.number, refused.cause, history) : cause;
}
