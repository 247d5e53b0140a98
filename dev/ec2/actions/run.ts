import { CloudError, invalidValue, missingParameter } from '../errors.ts';
import { instanceType } from '../instanceTypes.ts';
import {
  currentState,
  type ImageRecord,
  type InstanceRecord,
  type RunInput,
  type SubnetRecord,
  type Tag,
} from '../model.ts';
import type { Cloud } from '../state.ts';
import { draw } from '../timings.ts';
import type { InstanceView } from './describe.ts';

const MAX_USER_DATA = 16_384;
const MAX_TAGS = 50;

/**
 * RunInstances for one instance. The order is EC2's as far as it can be seen: form of the request, token, the things
 * that it names, dry run, quota, capacity. A refusal at any step leaves nothing behind, the token included.
 * @throws CloudError with AWS's code.
 */
export function runInstances(cloud: Cloud, input: RunInput): InstanceView {
  cloud.forgetExpired();
  checkForm(input);
  const subnet = subnetOf(cloud, input);
  if (!input.dryRun && input.clientToken !== undefined) {
    const known = cloud.tokens.find(input, subnet.zone);
    const instance = known === undefined ? undefined : cloud.instances.get(known);
    if (instance !== undefined) return replay(cloud, instance);
  }
  const image = checkReferences(cloud, input, subnet);
  if (input.dryRun)
    throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  checkQuota(cloud, input);
  cloud.capacity.check(input.instanceType, subnet.zone);
  const privateIP = freeAddress(cloud, subnet);

  const now = cloud.clock.monotonic();
  cloud.sequence += 1;
  const instance: InstanceRecord = {
    id: `i-${cloud.hex()}`,
    sequence: cloud.sequence,
    reservationID: `r-${cloud.hex()}`,
    clientToken: input.clientToken,
    type: input.instanceType,
    architecture: image.architecture,
    imageID: image.id,
    subnetID: subnet.id,
    vpcID: subnet.vpcID,
    zone: subnet.zone,
    privateIP,
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
    stateReason: undefined,
    transitionReason: '',
    next: undefined,
    boots: 0,
    console: '',
    disk: {},
  };
  cloud.instances.set(instance.id, instance);
  cloud.tokens.bind(input, subnet.zone, instance.id);
  cloud.capacity.spend(instance.type, instance.zone);
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

export function tagMap(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

function checkForm(input: RunInput): void {
  if (input.imageID === '') throw missingParameter('ImageId');
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(input.imageID))
    throw new CloudError('InvalidAMIID.Malformed', `Invalid id: "${input.imageID}" (expecting "ami-...")`);
  if (instanceType(input.instanceType) === undefined)
    throw invalidValue(`Invalid value '${input.instanceType}' for InstanceType.`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what the rule is about
  if (input.clientToken !== undefined && !/^[\x00-\x7f]{1,64}$/.test(input.clientToken))
    throw invalidValue('Invalid value for clientToken. Expecting at most 64 ASCII characters.');
  if (Buffer.byteLength(input.userData) > MAX_USER_DATA)
    throw invalidValue(`User data is limited to ${MAX_USER_DATA} bytes`);
  checkTags(input.instanceTags);
  checkTags(input.volumeTags);
}

/** @throws CloudError for tags that EC2 doesn't take ("Tag restrictions"). */
export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > MAX_TAGS)
    throw new CloudError('TagLimitExceeded', `More than ${MAX_TAGS} tags are not allowed on a resource.`);
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key.startsWith('aws:'))
      throw invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
    if (key.length < 1 || key.length > 128)
      throw invalidValue(`Tag key '${key}' must have 1 to 128 characters.`);
    if (value.length > 256) throw invalidValue(`The value of tag '${key}' exceeds 256 characters.`);
    if (seen.has(key)) throw invalidValue(`Duplicate tag key '${key}' specified.`);
    seen.add(key);
  }
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
  const wanted = instanceType(input.instanceType)?.architecture;
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

function checkQuota(cloud: Cloud, input: RunInput): void {
  const { quota } = cloud.account;
  const live = [...cloud.instances.values()].filter((i) => ['pending', 'running'].includes(currentState(i)));
  if (live.length + 1 > quota.instances)
    throw new CloudError(
      'InstanceLimitExceeded',
      `Your quota allows for ${quota.instances} running instance(s). You requested at least 1.`,
    );
  const vcpus = (type: string) => instanceType(type)?.vcpus ?? 0;
  const used = live.filter((i) => !i.spot).reduce((sum, i) => sum + vcpus(i.type), 0);
  if (!input.spot && used + vcpus(input.instanceType) > quota.vcpus)
    throw new CloudError(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${quota.vcpus} allows for the instance bucket that the specified instance type belongs to.`,
    );
}

/** A subnet's /24 has 251 addresses of use: AWS keeps the first four and the last. */
export function addressesLeft(cloud: Cloud, subnet: SubnetRecord): number {
  return 251 - takenAddresses(cloud, subnet).size;
}

function takenAddresses(cloud: Cloud, subnet: SubnetRecord): Set<string> {
  const held = [...cloud.instances.values()].filter(
    (i) => i.subnetID === subnet.id && currentState(i) !== 'terminated',
  );
  return new Set(held.map((i) => i.privateIP));
}

function freeAddress(cloud: Cloud, subnet: SubnetRecord): string {
  const taken = takenAddresses(cloud, subnet);
  for (let host = 4; host < 255; host += 1) {
    const address = `${subnet.prefix}.${host}`;
    if (!taken.has(address)) return address;
  }
  throw new CloudError(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}
