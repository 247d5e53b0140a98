import type { Filter, Image, SecurityGroup, Subnet } from '../../../src/ec2/calls/port.ts';
import { CloudError, missingParameter } from '../base/errors.ts';
import { type Fields, matcher } from '../base/filters.ts';
import type { ImageRecord, SecurityGroupRecord, SubnetRecord, Tag } from '../base/model.ts';
import { checkTags } from '../base/tags.ts';
import { addressesLeft } from '../cloud/room.ts';
import type { Cloud } from '../cloud/state.ts';
import { instancesByID } from './describe.ts';

export interface Query {
  ids: readonly string[];
  filters: readonly Filter[];
  /** Paging is the protocol's matter: these answers are small and stay the same. */
  maxResults?: number;
  nextToken?: string;
}

const SUBNET_FIELDS: Fields<SubnetRecord> = {
  'availability-zone': (s) => [s.zone],
  'subnet-id': (s) => [s.id],
  'vpc-id': (s) => [s.vpcID],
  state: () => ['available'],
};
const GROUP_FIELDS: Fields<SecurityGroupRecord> = {
  'group-id': (g) => [g.id],
  'group-name': (g) => [g.name],
  'vpc-id': (g) => [g.vpcID],
};
const IMAGE_FIELDS: Fields<ImageRecord> = {
  architecture: (i) => [i.architecture],
  'image-id': (i) => [i.id],
  name: (i) => [i.name],
  state: (i) => [i.state],
};

/** @throws CloudError InvalidSubnetID.NotFound */
export function describeSubnets(
  cloud: Cloud,
  query: Query,
): (Subnet & Pick<SubnetRecord, 'block' | 'tags'>)[] {
  return select(
    cloud.account.subnets,
    query,
    SUBNET_FIELDS,
    (s) => s.tags,
    'InvalidSubnetID.NotFound',
    'subnet ID',
  ).map((s) => ({
    id: s.id,
    zone: s.zone,
    vpcID: s.vpcID,
    availableAddresses: addressesLeft(cloud, s),
    block: s.block,
    tags: s.tags,
  }));
}

/** @throws CloudError InvalidGroup.NotFound */
export function describeSecurityGroups(
  cloud: Cloud,
  query: Query,
): (SecurityGroup & { name: string; tags: readonly Tag[] })[] {
  return select(
    cloud.account.securityGroups,
    query,
    GROUP_FIELDS,
    (g) => g.tags,
    'InvalidGroup.NotFound',
    'security group',
  );
}

/** @throws CloudError InvalidAMIID.NotFound, InvalidAMIID.Malformed */
export function describeImages(cloud: Cloud, query: Query): (Image & { name: string })[] {
  query.ids.forEach(checkImageID);
  const known = cloud.account.images.filter((i) => i.state !== 'deregistered');
  return select(known, query, IMAGE_FIELDS, () => [], 'InvalidAMIID.NotFound', 'image id');
}

/** @throws CloudError ParameterNotFound (an SSM code) */
export function getParameter(cloud: Cloud, name: string): string {
  const parameters = cloud.account.ssmParameters;
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (value === undefined) throw new CloudError('ParameterNotFound', `Parameter ${name} not found.`);
  return value;
}

/** @throws CloudError InvalidInstanceID.NotFound; the console may be empty. */
export function consoleOutput(cloud: Cloud, id: string): string {
  if (id === '') throw missingParameter('InstanceId');
  return instancesByID(cloud, [id])[0]?.console ?? '';
}

/** CreateTags on instances: adds tags, and replaces those with the same key. */
export function createTags(
  cloud: Cloud,
  input: { ids: readonly string[]; tags: readonly Tag[]; dryRun: boolean },
): void {
  if (input.ids.length === 0) throw missingParameter('ResourceId');
  if (input.tags.length === 0) throw missingParameter('Tag');
  const instances = instancesByID(cloud, input.ids);
  const merged = instances.map((instance) => {
    const replaced = new Set(input.tags.map((tag) => tag.key));
    return [...instance.tags.filter((tag) => !replaced.has(tag.key)), ...input.tags];
  });
  merged.forEach(checkTags);
  if (input.dryRun)
    throw new CloudError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.');
  instances.forEach((instance, index) => {
    instance.tags = merged[index] ?? instance.tags;
  });
}

/** @throws CloudError InvalidAMIID.Malformed */
export function checkImageID(id: string): void {
  if (!/^ami-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id))
    throw new CloudError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
}

function select<T extends { id: string }>(
  all: readonly T[],
  { ids, filters }: Query,
  fields: Fields<T>,
  tags: (item: T) => readonly Tag[],
  code: string,
  noun: string,
): T[] {
  for (const id of ids)
    if (!all.some((item) => item.id === id)) throw new CloudError(code, `The ${noun} '${id}' does not exist`);
  const matches = matcher(filters, fields, tags);
  return all.filter((item) => (ids.length === 0 || ids.includes(item.id)) && matches(item));
}
