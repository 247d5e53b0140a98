import { CloudError, invalidValue, missingParameter } from '../base/errors.ts';
import { type InstanceType, instanceType } from '../base/instanceTypes.ts';
import {
  currentState,
  type ImageRecord,
  type InstanceRecord,
  type RunInput,
  type SubnetRecord,
} from '../base/model.ts';
import { checkTags, tagMap } from '../base/tags.ts';
import { draw } from '../base/timings.ts';
import { checkQuota, freeHost } from '../cloud/room.ts';
import type { Cloud } from '../cloud/state.ts';
import type { InstanceView } from './describe.ts';
import { checkImageID } from './resources.ts';

const MAX_USER_DATA = 16_384;

/**
 * RunInstances for one instance. The order is EC2's as far as it can be seen: form of the request, token, the things
 * that it names, dry run, quota, capacity. A refusal at any step leaves nothing behind, the token included.
 * @throws CloudError with AWS's code.
 */
export function runInstances(cloud: Cloud, input: RunInput): InstanceView {
  cloud.forgetExpired();
  checkForm(input);
  checkMetadataTags(cloud, input);
  const subnet = subnetOf(cloud, input);
  if (!input.dryRun && input.clientToken !== undefined) {
    const known = cloud.tokens.find(input, subnet.zone);
    const instance = known === undefined ? undefined : cloud.instances.get(known);
    if (instance !== undefined) return replay(cloud, instance);
  }
  const image = checkReferences(cloud, input, subnet);
  if (input.dryRun)
    throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  const vcpus = typeOf(input).vcpus;
  checkQuota(cloud, input, vcpus);
  cloud.capacity.check({ type: input.instanceType, zone: subnet.zone, spot: input.spot });
  const host = freeHost(cloud, subnet);

  const now = cloud.clock.monotonic();
  cloud.sequence += 1;
  const instance: InstanceRecord = {
    // Unique with any source of randomness.
    id: `i-${cloud.hex().slice(0, 11)}${cloud.sequence.toString(16).padStart(6, '0')}`,
    sequence: cloud.sequence,
    reservationID: `r-${cloud.hex()}`,
    clientToken: input.clientToken,
    type: input.instanceType,
    architecture: image.architecture,
    imageID: image.id,
    subnetID: subnet.id,
    vpcID: subnet.vpcID,
    zone: subnet.zone,
    privateIP: `10.0.${subnet.block + (host >> 8)}.${host & 255}`,
    host,
    vcpus,
    securityGroupIDs: input.securityGroupIDs,
    instanceProfile: input.instanceProfile,
    spot: input.spot,
    userData: input.userData,
    volumeID: `vol-${cloud.hex()}`,
    rootDeviceName: image.rootDeviceName,
    launchTime: cloud.clock.now(),
    tags: input.instanceTags.map((tag) => ({ ...tag })),
    phases: [],
    visibleAt: now + draw(cloud.random, cloud.timings.visibilityLag),
    hiddenUntil: 0,
    impaired: false,
    interruption: undefined,
    stateReason: undefined,
    transitionReason: '',
    next: undefined,
    boots: 0,
    console: '',
    disk: {},
  };
  cloud.instances.set(instance.id, instance);
  cloud.tokens.bind(input, subnet.zone, instance.id);
  cloud.capacity.spend(instance);
  cloud.ledger.provision({
    instanceID: instance.id,
    clientToken: instance.clientToken,
    tags: tagMap(instance.tags),
    instanceType: instance.type,
    zone: instance.zone,
  });
  cloud.lifecycle.enter(instance, 'pending');
  return { instance, state: 'pending' };
}

function replay(cloud: Cloud, instance: InstanceRecord): InstanceView {
  const state = currentState(instance);
  if (state === 'terminated' && cloud.terminatedTokens === 'refused')
    throw new CloudError(
      'IdempotentInstanceTerminated',
      'The client token you have provided is associated with a terminated instance. Please use a different client token.',
    );
  return { instance, state };
}

function checkForm(input: RunInput): void {
  if (input.imageID === '') throw missingParameter('ImageId');
  checkImageID(input.imageID);
  typeOf(input);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what the rule is about
  if (input.clientToken !== undefined && !/^[\x00-\x7f]{1,64}$/.test(input.clientToken))
    throw invalidValue('Invalid value for clientToken. Expecting at most 64 ASCII characters.');
  if (Buffer.byteLength(input.userData) > MAX_USER_DATA)
    throw invalidValue(`User data is limited to ${MAX_USER_DATA} bytes`);
  checkTags(input.instanceTags);
  checkTags(input.volumeTags);
}

/** "Work with instance tags in instance metadata", EC2 User Guide: what can't be part of a path is refused. */
function checkMetadataTags({ account }: Cloud, { instanceTags, other }: RunInput): void {
  const asked = other['MetadataOptions.InstanceMetadataTags'] ?? account.instanceMetadataTags ?? 'disabled';
  if (asked !== 'enabled') return;
  const wrong = instanceTags.find(
    ({ key }) => !/^[0-9a-zA-Z\-_+=,.@:]{1,255}$/.test(key) || ['.', '..', '_index'].includes(key),
  );
  if (wrong)
    throw invalidValue(
      `'${wrong.key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
    );
}

function typeOf(input: RunInput): InstanceType {
  const type = instanceType(input.instanceType);
  if (type === undefined) throw invalidValue(`Invalid value '${input.instanceType}' for InstanceType.`);
  return type;
}

function subnetOf(cloud: Cloud, input: RunInput): SubnetRecord {
  const { subnets } = cloud.account;
  if (input.subnetID !== undefined) {
    const subnet = subnets.find((s) => s.id === input.subnetID);
    if (subnet === undefined)
      throw new CloudError('InvalidSubnetID.NotFound', `The subnet ID '${input.subnetID}' does not exist`);
    if (input.zone !== undefined && input.zone !== subnet.zone)
      throw invalidValue(`The subnet ${subnet.id} is not in Availability Zone ${input.zone}.`);
    return subnet;
  }
  const subnet = subnets.find((s) => input.zone === undefined || s.zone === input.zone);
  if (subnet === undefined)
    throw invalidValue(`Invalid availability zone: [${input.zone ?? 'no default subnet'}]`);
  return subnet;
}

function checkReferences(cloud: Cloud, input: RunInput, subnet: SubnetRecord): ImageRecord {
  const { images, securityGroups, instanceProfiles } = cloud.account;
  const image = images.find((i) => i.id === input.imageID);
  if (image === undefined)
    throw new CloudError('InvalidAMIID.NotFound', `The image id '[${input.imageID}]' does not exist`);
  if (image.state !== 'available')
    throw new CloudError(
      'InvalidAMIID.Unavailable',
      `The image ID '${image.id}' is ${image.state} and cannot be run`,
    );
  const wanted = typeOf(input).architecture;
  if (wanted !== image.architecture)
    throw invalidValue(
      `The architecture '${wanted}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI.`,
    );
  for (const id of input.securityGroupIDs) {
    const group = securityGroups.find((g) => g.id === id);
    if (group === undefined)
      throw new CloudError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
    if (group.vpcID !== subnet.vpcID)
      throw new CloudError(
        'InvalidParameter',
        `Security group ${id} and subnet ${subnet.id} belong to different networks.`,
      );
  }
  if (input.instanceProfile !== undefined && !instanceProfiles.includes(input.instanceProfile))
    throw invalidValue(
      `Value (${input.instanceProfile}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`,
    );
  for (const device of input.blockDevices)
    if (
      device.deviceName === image.rootDeviceName &&
      (device.size ?? image.snapshotSize) < image.snapshotSize
    )
      throw new CloudError(
        'InvalidBlockDeviceMapping',
        `Volume of size ${device.size}GB is smaller than snapshot of image ${image.id}, expect size >= ${image.snapshotSize}GB`,
      );
  return image;
}
