import { askedOfClass } from '../../../../api/edits/meets.ts';
import type { Launch } from '../../../../api/kinds/workspace.ts';
import { outdatedMachine } from '../../../../api/launch/machine.ts';
import { iso } from '../../../../controller/lib/time.ts';
import type { Draft } from '../facts/decision.ts';
import type { InstanceFact } from '../facts/facts.ts';
import { contradicts } from './asked.ts';

/**
 * Records EC2's view of the instance (`found`) for a launch whose parameters were lost with the status. Values that EC2 does not
 * show come from the present class, so that a later edit is a change. A value that already contradicts the specs is a change
 * too: it may have been edited, or have become outdated, while the launch was not on record.
 */
export function takeAsShown(draft: Draft, launch: Launch, instance: InstanceFact | undefined): void {
  const { facts, now, status } = draft;
  const { desired } = status;
  const { class: klass, machine } = facts;
  if (launch.machine === undefined) launch.machine = desired?.machine;
  if (launch.params || launch.found?.launch === launch.number || !desired || !klass) return;
  if (!instance || instance.missing || instance.imageID === undefined) return;
  const { imageID, type: instanceType, capacityType, subnetID, securityGroupIDs } = instance;
  // One that an earlier release found was made for a class that may have been edited since.
  const isOfClass = launch.machine === machine;
  launch.found = {
    launch: launch.number,
    imageID,
    instanceType,
    capacityType,
    subnetID,
    securityGroupIDs: securityGroupIDs && [...securityGroupIDs].sort(),
    ofClass: isOfClass ? { ...askedOfClass(klass.spec), ...profileOf(instance) } : undefined,
  };
  const cause = contradicts(facts.workspace, klass, launch.found);
  if (!cause) return;
  launch.machine = outdatedMachine(desired.machine);
  const generation = Math.max(desired.generation, launch.generation + 1);
  status.desired = { ...desired, generation, cause, changed: undefined, at: iso(now.wall) };
}

function profileOf({ instanceProfile }: InstanceFact): { instanceProfile?: string | undefined } {
  return instanceProfile === undefined ? {} : { instanceProfile: instanceProfile || undefined };
}
