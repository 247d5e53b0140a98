import { own } from '../../../api/base/own.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import { clientToken } from '../../../api/launch/token.ts';
import { type ObservedInstance, TAG } from '../../../ec2/calls/port.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { InstanceFact } from '../decide/facts/facts.ts';
import { isForeign } from '../decide/record/recovery.ts';

/** Instances that EC2 shows under our uid, and every instance on record: those are known by their ids, not by their tags. */
export function instancesOf(deps: WorkspaceDeps, workspace: Workspace): InstanceFact[] {
  const known = onRecord(workspace);
  const tagged = deps.cloud.ofWorkspace(workspace.metadata.uid).flatMap((instance): InstanceFact[] => {
    const number = known.has(instance.id) ? undefined : numberOf(deps, workspace, instance);
    return number === undefined ? [] : [instanceFact(instance, number)];
  });
  const recorded = [...known].flatMap(([id, named]): InstanceFact[] => {
    const instance = deps.cloud.get(id);
    // The status may name an instance of ours under another number, as one does that went back or was edited.
    const number = (instance && numberOf(deps, workspace, instance)) ?? named;
    if (instance) {
      const missingTags = tagsMissing(instance, expectedTags(deps, workspace, number));
      return [{ ...instanceFact(instance, number), ...(missingTags.length > 0 && { missingTags }) }];
    }
    const notFound = deps.cloud.notFound(id);
    if (!notFound) return [];
    // Never seen by this process: only its look-ups speak for it.
    return [{ id, number, generation: 0, state: 'Unknown', type: '', zone: '', notFound, missing: true }];
  });
  return [...tagged, ...recorded];
}

/**
 * The launch of this Workspace that made the instance. Tags only find it: anyone who may tag instances can copy ours. EC2 shows
 * the client token of each instance of our requests, so an instance without it is a copy, and must not hold its Workspace up.
 */
function numberOf(
  { clusterID }: WorkspaceDeps,
  { metadata }: Workspace,
  instance: ObservedInstance,
): number | undefined {
  const number = wholeNumber(instance.tags[TAG.number]);
  if (number === undefined) return undefined;
  return instance.clientToken === clientToken(clusterID, metadata.uid, number) ? number : undefined;
}

/** Our tags as a launch gives them to its instance; of the generation any will do. */
function expectedTags({ clusterID }: WorkspaceDeps, { metadata }: Workspace, number: number) {
  return [
    [TAG.cluster, clusterID],
    [TAG.uid, metadata.uid],
    [TAG.namespace, metadata.namespace],
    [TAG.name, metadata.name],
    [TAG.number, String(number)],
    [TAG.generation, undefined],
  ] as const;
}

function tagsMissing({ tags }: ObservedInstance, expected: ReturnType<typeof expectedTags>): string[] {
  return expected.flatMap(([key, value]) => {
    const found = own(tags, key);
    return found === undefined || (value !== undefined && found !== value) ? [key] : [];
  });
}

/** The launches' numbers by the ids of the instances that the status names. */
export function onRecord(workspace: Workspace): Map<string, number> {
  // Instances in another object's status belong to that object.
  const { launch, terminating } = (!isForeign(workspace) && workspace.status) || {};
  const numbers = new Map(terminating?.map(({ number, instanceID }) => [instanceID, number]));
  if (launch?.instanceID) numbers.set(launch.instanceID, launch.number);
  return numbers;
}

/** A launch number or generation as the operator writes it into a tag. */
function wholeNumber(tag: string | undefined): number | undefined {
  return tag !== undefined && /^[1-9][0-9]{0,8}$/.test(tag) ? Number(tag) : undefined;
}

function instanceFact(instance: ObservedInstance, number: number): InstanceFact {
  const { id, clientToken, state, type, zone, privateIP, launchTime } = instance;
  const { imageID, capacityType, subnetID, securityGroupIDs, instanceProfile } = instance;
  const { notFound, missing, impaired, stateReasonCode, stateReason } = instance;
  const generation = wholeNumber(instance.tags[TAG.generation]) ?? 0;
  return {
    id,
    number,
    generation,
    clientToken,
    state,
    type,
    zone,
    imageID,
    capacityType,
    subnetID,
    securityGroupIDs,
    instanceProfile,
    privateIP,
    launchTime,
    stateReasonCode,
    stateReason,
    notFound,
    missing,
    impaired,
  };
}
