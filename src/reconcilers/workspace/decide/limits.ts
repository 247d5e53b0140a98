import type { WorkspaceStatus } from '../../../api/workspace.ts';
import type { WorkspaceClassSpec } from '../../../api/workspaceClass.ts';
import type { FleetFact } from './facts.ts';
import type { Blocker, View } from './view.ts';

type Limits = Pick<WorkspaceClassSpec, 'maxInstances' | 'maxInstancesPerNamespace'>;

/** Whether a Workspace takes up room: from its first launch until that is closed and its instances are proven gone. */
export function occupies(status: WorkspaceStatus | undefined): boolean {
  const { launch, terminating } = status ?? {};
  const launched = launch !== undefined && launch.number > 0 && launch.phase !== 'Closed';
  return launched || (terminating?.length ?? 0) > 0;
}

/** Whether there is room for one more, those who came first being served first. */
export function roomIsLeft({ room }: FleetFact, limits: Limits): boolean {
  const { maxInstances = Infinity, maxInstancesPerNamespace = Infinity } = limits;
  return (
    room.taken + room.ahead < maxInstances &&
    room.takenInNamespace + room.aheadInNamespace < maxInstancesPerNamespace
  );
}

/** Whether this Workspace needs room that it does not have: to replace its own instance it needs none. */
export function needsRoom({ facts }: View): boolean {
  return !occupies(facts.workspace.status);
}

/** Why the class has no room for another instance. Lowering a limit ends nothing. */
export function noRoom(view: View): Blocker | undefined {
  const { class: klass, fleet, workspace } = view.facts;
  if (!klass || !needsRoom(view) || roomIsLeft(fleet, klass.spec)) return undefined;
  const { maxInstances, maxInstancesPerNamespace } = klass.spec;
  const limits = [
    ...(maxInstances === undefined ? [] : [`maxInstances ${maxInstances}`]),
    ...(maxInstancesPerNamespace === undefined
      ? []
      : [`maxInstancesPerNamespace ${maxInstancesPerNamespace}`]),
  ];
  return {
    reason: 'ClassLimitReached',
    message: `WorkspaceClass "${klass.metadata.name}" allows no more instances (${limits.join(', ')}); this one is launched, in the order of creation, as soon as there is room. Delete a Workspace of the class in namespace "${workspace.metadata.namespace}" or elsewhere, or ask for a higher limit.`,
  };
}
