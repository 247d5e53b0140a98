import type { Workspace } from '../api/workspace.ts';

/** Why an agent finds itself on a new instance. A type, not an interface, so that it fits an Answer. */
export type RestartContext = {
  /** When the launch was decided; RFC 3339. */
  at?: string;
  /** What the launch spent, e.g. SecretChanged or Restart. */
  cause: string;
  /** Names of what changed (`secret/KEY`), never values; empty when the cause was no change. */
  changed: readonly string[];
};

/** The context of the present launch; none for the first launch of a Workspace, which restarts nothing. */
export function restartContext(workspace: Workspace): RestartContext | undefined {
  const { launch, desired } = workspace.status ?? {};
  if (!launch?.cause || launch.cause.kind === 'Created') return undefined;
  const at = launch.openedAt ?? launch.submittedAt;
  // The names belong to a generation; those of a later one would explain another launch.
  const changed = desired?.generation === launch.generation ? (desired.changed ?? []) : [];
  const spentChange = ['SecretChanged', 'EnvChanged', 'SpecChanged', 'ClassChanged'].includes(
    launch.cause.kind,
  );
  return {
    ...(at !== undefined && { at }),
    cause: launch.cause.kind,
    changed: spentChange ? changed : [],
  };
}
