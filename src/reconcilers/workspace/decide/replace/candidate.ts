import { requestOf } from '../../../../api/kinds/launchParams.ts';
import type { LaunchParams } from '../../../../api/kinds/workspace.ts';
import type { WorkspaceClassSpec } from '../../../../api/kinds/workspaceClass.ts';
import { TAG } from '../../../../api/launch/tags.ts';
import type { Offering } from '../facts/offeringFacts.ts';
import type { Answer, Blocker, View } from '../facts/view.ts';
import { defaultName } from '../offer/offerings.ts';
import { availableOffering } from '../offer/refused.ts';
import { moveObstacle } from '../room/move.ts';

/** The blocker that a person must fix before this Workspace could be launched at all. */
export function unlaunchable(view: View): Blocker | undefined {
  const { facts } = view;
  const { spec, metadata } = facts.workspace;
  const className = facts.move?.from ?? spec.className;
  if (!facts.class) {
    return (
      moveObstacle(view) ?? {
        reason: 'ClassNotFound',
        message: `WorkspaceClass "${className}" does not exist; create it, or name another one in spec.className.`,
      }
    );
  }
  if (!facts.classAllowed) {
    return {
      reason: 'ClassNotAllowed',
      message: `WorkspaceClass "${className}" does not allow namespace "${metadata.namespace}"; ask its owner to add the namespace to spec.allowedNamespaces.`,
    };
  }
  if (facts.environment.kind === 'Missing') {
    const names = facts.environment.secrets.map((name) => `"${name}"`).join(', ');
    return {
      reason: 'SecretMissing',
      message: `Secret ${names} not found in namespace "${metadata.namespace}"; create it, or mark the reference optional.`,
    };
  }
  if (facts.environment.kind === 'Unusable') {
    const { reason, message } = facts.environment;
    return { reason, message };
  }
  if (spec.instanceType && !facts.class.spec.instanceTypes.some((t) => t.name === spec.instanceType)) {
    const offered = facts.class.spec.instanceTypes.map((type) => type.name).join(', ');
    return {
      reason: 'InvalidConfiguration',
      message: `spec.instanceType ${spec.instanceType} is not offered by WorkspaceClass "${className}"; choose one of ${offered}.`,
    };
  }
  return undefined;
}

/** Nothing follows from a Secret that could not be read, but that nothing can be launched with it now. */
export function unreadSecrets({ facts }: View): Blocker | undefined {
  if (facts.environment.kind !== 'Unknown') return undefined;
  const { namespace } = facts.workspace.metadata;
  const message = `A Secret that spec.envFrom names can’t be read in namespace "${namespace}"; it is read again automatically. See facts.unread in the operator’s log, and whether the operator may get Secrets there.`;
  return { reason: 'SecretsUnread', message };
}

/**
 * The parameters that this launch would be sent with now.
 * @param givesUp an instance that serves would be given up for it
 */
export function candidate(view: View, number: number, givesUp = false): Answer<LaunchParams> {
  const { facts } = view;
  const blocker = unlaunchable(view);
  if (blocker || !facts.class) return { blocker };
  const unread = unreadSecrets(view);
  if (unread) return { blocker: unread };
  if (facts.environment.kind !== 'Merged' || !view.status.desired) return {};
  const forMs = facts.timing.repairBackoffMinMs;
  if (!facts.userData.ok) {
    const reason = facts.userData.kind === 'invalid' ? 'InvalidConfiguration' : 'CloudUnavailable';
    return { blocker: { reason, message: facts.userData.message }, forMs };
  }
  if (!facts.resolution) return { needsResolution: true };
  if (!facts.resolution.ok) {
    const reason = facts.resolution.kind === 'missing' ? 'InvalidConfiguration' : 'CloudUnavailable';
    const message = `WorkspaceClass "${facts.class.metadata.name}": ${facts.resolution.message}`;
    return { blocker: { reason, message }, forMs };
  }
  const { value: offering, ...wait } = availableOffering(view, givesUp);
  return offering ? paramsOf(view, offering, number) : wait;
}

function paramsOf(view: View, offering: Offering, number: number): Answer<LaunchParams> {
  const { class: klass, clusterID, resolution, userData, workspace } = view.facts;
  if (!klass || !resolution?.ok || !userData.ok) return {};
  const image = resolution.images.find((candidate) => candidate.architecture === offering.architecture);
  if (!image) {
    const message = `WorkspaceClass "${klass.metadata.name}" has no image for ${offering.architecture}, which ${offering.instanceType} needs.`;
    return { blocker: { reason: 'InvalidConfiguration', message } };
  }
  const { metadata } = workspace;
  const own: [string, string][] = [
    [TAG.cluster, clusterID],
    [TAG.uid, metadata.uid],
    [TAG.namespace, metadata.namespace],
    [TAG.name, metadata.name],
    [TAG.number, String(number)],
    [TAG.generation, String(view.status.desired?.generation ?? 0)],
  ];
  const named = { Name: defaultName(metadata.namespace, metadata.name), ...klass.spec.tags };
  const extra = Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1));
  const { sizeGiB, type, iops, throughput, kmsKeyID } = klass.spec.rootVolume;
  const value = {
    imageID: image.id,
    instanceType: offering.instanceType,
    capacityType: offering.capacityType,
    subnetID: offering.subnetID,
    zone: offering.zone,
    securityGroupIDs: [...resolution.securityGroupIDs],
    ...publicAddress(klass.spec),
    instanceProfile: klass.spec.instanceProfile,
    rootVolume: { deviceName: image.rootDeviceName, sizeGiB, type, iops, throughput, kmsKeyID },
    tags: [...own, ...extra].map(([key, value]) => ({ key, value })),
    userData: userData.source,
    ...requestOf(number),
  };
  return { value };
}

function publicAddress({ publicIPAddress }: WorkspaceClassSpec): Pick<LaunchParams, 'publicIPAddress'> {
  return publicIPAddress === 'Subnet' ? {} : { publicIPAddress: publicIPAddress === 'Always' };
}
