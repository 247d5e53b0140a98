import { hasTerms, meetsTerms } from '../../../../api/edits/groupTerms.ts';
import { askedOfClass, type Made, type Met, meetsClass } from '../../../../api/edits/meets.ts';
import type { Launch, Workspace } from '../../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../../api/kinds/workspaceClass.ts';
import {
  classPart,
  hasDesiredImage,
  machineDigest,
  machineDigestLike,
  sameMachine,
  withImagesOf,
} from '../../../../api/launch/machine.ts';
import { madeAs } from '../facts/made.ts';
import { isForeign } from '../record/recovery.ts';

type Specs = Pick<Workspace, 'spec'>;

/** What is asked of the launch on record, and what the next one is made for. */
export function machinesOf(workspace: Workspace, klass: WorkspaceClass) {
  return { machine: machineAsked(workspace, klass), machineOfNext: machineOfNext(workspace, klass) };
}

/** Digest of the specs that the parameters of the next launch come from. */
function machineOfNext({ spec }: Specs, klass: WorkspaceClass): string {
  return machineDigest(spec, klass.spec, klass.status?.resolvedImages);
}

/**
 * Digest of the machine that is asked for. While what was launched meets it, that is the digest of what was launched: so an
 * edit that changes nothing for an instance is no change, wherever digests are compared, and costs no write. While that
 * can't be decided it is the one on record, so that nothing follows yet.
 */
export function machineAsked(workspace: Workspace, klass: WorkspaceClass): string {
  const images = klass.status?.resolvedImages;
  const asked = machineOfNext(workspace, klass);
  if (isForeign(workspace)) return asked;
  const { desired, launch } = workspace.status ?? {};
  if (!desired || !launch) return asked;
  // An earlier function's digest of the same specs stays on record.
  const isRecorded =
    machineDigestLike(desired.machine, workspace.spec, klass.spec, images) === desired.machine;
  // Nothing is launched: the next launch takes up what is asked for then.
  if (launch.phase === 'Closed') return desired.machine;
  if (launch.machine === undefined) return asked;
  switch (meets(workspace, klass, launch)) {
    case 'met':
      return hasDesiredImage(launch.machine, madeAs(launch).imageID)
        ? launch.machine
        : // It took a newer image before the class's status showed it: recording its images is no change.
          withImagesOf(launch.machine, asked);
    case 'unmet':
      return isRecorded ? desired.machine : asked;
    case 'unknown':
      return desired.machine;
  }
}

/** Whether the launched instance still meets the specs. */
function meets({ spec }: Specs, klass: WorkspaceClass, launch: Launch): Met {
  const made = madeAs(launch);
  const images = klass.status?.resolvedImages;
  const { machine = '' } = launch;
  // Judged by its own function, so that another one in a later release is no edit.
  const like = machineDigestLike(machine, spec, klass.spec, images);
  if (launch.params && like === machine) return 'met';
  if (!hasImage(made, { spec }, klass)) return 'unmet';
  if (launch.params && like !== undefined && sameMachine(machine, like)) return 'met';
  if (!hasType(made, { spec })) return 'unmet';
  const isEdited = like !== undefined && classPart(like) !== classPart(machine);
  const { ofClass } = made;
  // Of one that was found again no more is known than that the class was another then.
  if (ofClass ? !meetsClass(ofClass, askedOfClass(klass.spec)) : isEdited) return 'unmet';
  const groups = made.securityGroupIDs;
  if (!groups) return 'met';
  const { securityGroups } = klass.spec;
  const found = klass.status?.securityGroups;
  if (like !== undefined) return meetsTerms(groups, securityGroups, found, classPart(machine));
  // Only another release can say whether its terms were edited.
  return securityGroups.every(({ id }) => id !== undefined) ? hasTerms(groups, securityGroups, found) : 'met';
}

/**
 * Whether an instance that was found again contradicts the specs, judged only by EC2's view of it. Returns the object whose
 * change the contradiction counts as: that object may have been edited while the launch was not on record.
 */
export function contradicts(
  specs: Specs,
  klass: WorkspaceClass,
  made: Made,
): 'SpecChanged' | 'ClassChanged' | undefined {
  if (!hasType(made, specs)) return 'SpecChanged';
  if (!hasImage(made, specs, klass)) return 'ClassChanged';
  if (made.ofClass && !meetsClass(made.ofClass, askedOfClass(klass.spec))) return 'ClassChanged';
  const { securityGroups: groups } = klass.spec;
  const shown = made.securityGroupIDs;
  return shown && hasTerms(shown, groups, klass.status?.securityGroups) === 'unmet'
    ? 'ClassChanged'
    : undefined;
}

function hasType({ instanceType }: Made, { spec }: Specs): boolean {
  return spec.instanceType === undefined || (instanceType ?? spec.instanceType) === spec.instanceType;
}

function hasImage({ imageID }: Made, { spec }: Specs, klass: WorkspaceClass): boolean {
  return hasDesiredImage(machineOfNext({ spec }, klass), imageID);
}
