import { occupies } from '../../../../api/kinds/room.ts';
import type { WorkspaceClass, WorkspaceClassSpec } from '../../../../api/kinds/workspaceClass.ts';
import type { RoomFact } from '../facts/roomFacts.ts';
import type { Blocker, View } from '../facts/view.ts';

type Limits = Pick<WorkspaceClassSpec, 'maxInstances' | 'maxInstancesPerNamespace'>;

/** Whether there is room for one more, those who came first being served first. */
export function roomIsLeft({ room }: { room: RoomFact }, limits: Limits): boolean {
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
  return {
    reason: 'ClassLimitReached',
    message: `WorkspaceClass "${klass.metadata.name}" allows no more instances (${sayLimits(klass)}); this one is launched, in the order of creation, as soon as there is room. Delete a Workspace of the class in namespace "${workspace.metadata.namespace}" or elsewhere, or ask for a higher limit.`,
  };
}

export function sayLimits({ spec: { maxInstances, maxInstancesPerNamespace } }: WorkspaceClass): string {
  return [
    ...(maxInstances === undefined ? [] : [`maxInstances ${maxInstances}`]),
    ...(maxInstancesPerNamespace === undefined
      ? []
      : [`maxInstancesPerNamespace ${maxInstancesPerNamespace}`]),
  ].join(', ');
}
