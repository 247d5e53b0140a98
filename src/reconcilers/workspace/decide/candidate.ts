import { offeringKey } from '../../../api/offering.ts';
import { TAG } from '../../../api/tags.ts';
import type { LaunchParams } from '../../../api/workspace.ts';
import { block, type Draft, wakeAfter } from './decision.ts';
import type { Offering } from './facts.ts';
import { rankOfferings } from './offerings.ts';

/** Blocks on whatever a person must mend before this Workspace could be launched at all. Returns whether nothing does. */
export function launchable(draft: Draft): boolean {
  const { facts } = draft;
  const { spec, metadata } = facts.workspace;
  if (!facts.class) {
    block(
      draft,
      'ClassNotFound',
      `WorkspaceClass "${spec.className}" does not exist; create it, or name another one in spec.className.`,
    );
  } else if (!facts.classAllowed) {
    block(
      draft,
      'ClassNotAllowed',
      `WorkspaceClass "${spec.className}" does not allow namespace "${metadata.namespace}"; ask its owner to add the namespace to spec.allowedNamespaces.`,
    );
  } else if (facts.environment.kind === 'Missing') {
    const names = facts.environment.secrets.map((name) => `"${name}"`).join(', ');
    block(
      draft,
      'SecretMissing',
      `Secret ${names} not found in namespace "${metadata.namespace}"; create it, or mark the reference optional.`,
    );
  } else if (spec.instanceType && !facts.class.spec.instanceTypes.some((t) => t.name === spec.instanceType)) {
    const offered = facts.class.spec.instanceTypes.map((type) => type.name).join(', ');
    block(
      draft,
      'InvalidConfiguration',
      `spec.instanceType ${spec.instanceType} is not offered by WorkspaceClass "${spec.className}"; choose one of ${offered}.`,
    );
  }
  return draft.blocker === undefined;
}

/** The parameters that this launch would be sent with now; undefined, with the blocker or a wake-up, when it can't be. */
export function candidate(draft: Draft, number: number): LaunchParams | undefined {
  const { facts } = draft;
  if (!launchable(draft) || !facts.class) return undefined;
  if (facts.environment.kind !== 'Merged' || !draft.status.desired) return undefined;
  if (!facts.userData.ok) {
    const reason = facts.userData.kind === 'invalid' ? 'InvalidConfiguration' : 'CloudUnavailable';
    block(draft, reason, facts.userData.message);
    wakeAfter(draft, facts.timing.repairBackoffMinMs);
    return undefined;
  }
  if (!facts.resolution) {
    draft.needsResolution = true;
    return undefined;
  }
  if (!facts.resolution.ok) {
    const reason = facts.resolution.kind === 'missing' ? 'InvalidConfiguration' : 'CloudUnavailable';
    block(draft, reason, `WorkspaceClass "${facts.workspace.spec.className}": ${facts.resolution.message}`);
    wakeAfter(draft, facts.timing.repairBackoffMinMs);
    return undefined;
  }
  const offering = availableOffering(draft);
  return offering && paramsOf(draft, offering, number);
}

function availableOffering(draft: Draft): Offering | undefined {
  const { facts, now } = draft;
  if (!facts.class || !facts.resolution?.ok) return undefined;
  const { spec, metadata } = facts.workspace;
  const all = rankOfferings(spec, facts.class.spec, facts.resolution, metadata.uid);
  const retryAt = all.map((offering) => facts.unavailable.get(offeringKey(offering)) ?? 0);
  const index = retryAt.findIndex((at) => at <= now.mono);
  if (index >= 0) return all[index];
  const types = [...new Set(all.map((offering) => offering.instanceType))].join(', ');
  const zones = [...new Set(all.map((offering) => offering.zone))].join(', ');
  block(
    draft,
    'CapacityUnavailable',
    `EC2 has no capacity for ${types} in ${zones}; asked again by itself. More types or subnets in the class would help.`,
  );
  if (retryAt.length > 0) wakeAfter(draft, Math.min(...retryAt) - now.mono);
  return undefined;
}

function paramsOf(draft: Draft, offering: Offering, number: number): LaunchParams | undefined {
  const { class: klass, clusterID, resolution, userData, workspace } = draft.facts;
  if (!klass || !resolution?.ok || !userData.ok) return undefined;
  const image = resolution.images.find((candidate) => candidate.architecture === offering.architecture);
  if (!image) {
    block(
      draft,
      'InvalidConfiguration',
      `WorkspaceClass "${klass.metadata.name}" has no image for ${offering.architecture}, which ${offering.instanceType} needs.`,
    );
    return undefined;
  }
  const { metadata } = workspace;
  const own: [string, string][] = [
    [TAG.cluster, clusterID],
    [TAG.uid, metadata.uid],
    [TAG.namespace, metadata.namespace],
    [TAG.name, metadata.name],
    [TAG.number, String(number)],
    [TAG.generation, String(draft.status.desired?.generation ?? 0)],
  ];
  const named = { Name: `${metadata.namespace}/${metadata.name}`.slice(0, 256), ...klass.spec.tags };
  const extra = Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1));
  const { sizeGiB, type, iops, throughput, kmsKeyID } = klass.spec.rootVolume;
  return {
    imageID: image.id,
    instanceType: offering.instanceType,
    capacityType: offering.capacityType,
    subnetID: offering.subnetID,
    zone: offering.zone,
    securityGroupIDs: [...resolution.securityGroupIDs],
    instanceProfile: klass.spec.instanceProfile,
    rootVolume: { deviceName: image.rootDeviceName, sizeGiB, type, iops, throughput, kmsKeyID },
    tags: [...own, ...extra].map(([key, value]) => ({ key, value })),
    userData: userData.source,
  };
}
