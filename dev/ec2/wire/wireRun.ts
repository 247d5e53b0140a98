import { CloudError, invalidValue, missingParameter } from '../base/errors.ts';
import type { BlockDevice, RunInput, Tag } from '../base/model.ts';
import type { Params } from '../base/params.ts';

// Taken, compared by a token's replay, and of no effect in this cloud.
const OTHER = [
  'MetadataOptions',
  'Monitoring',
  'EbsOptimized',
  'DisableApiTermination',
  'DisableApiStop',
  'InstanceInitiatedShutdownBehavior',
  'InstanceMarketOptions.SpotOptions',
  'CreditSpecification',
  'CpuOptions',
  'PrivateDnsNameOptions',
  'MaintenanceOptions',
  'KeyName',
];

/** @throws CloudError when the form isn't one that RunInstances takes here. */
export function decodeRun(params: Params): RunInput {
  const [min, max] = [params.number('MinCount'), params.number('MaxCount')];
  if (min === undefined || max === undefined) throw missingParameter('MinCount and MaxCount');
  if (min !== 1 || max !== 1)
    throw new CloudError('UnsupportedOperation', 'This cloud launches exactly one instance a request.');
  const [network, ...more] = params.groups('NetworkInterface').map(decodeNetwork);
  if (more.length > 0) throw new CloudError('UnsupportedOperation', 'One network interface a request.');
  const tags = decodeTags(params);
  return {
    imageID: params.text('ImageId') ?? '',
    instanceType: params.text('InstanceType') ?? 'm1.small',
    ...optional('subnetID', params.text('SubnetId') ?? network?.subnetID),
    ...optional('zone', params.text('Placement.AvailabilityZone')),
    securityGroupIDs: [...params.list('SecurityGroupId'), ...(network?.groups ?? [])],
    userData: decodeBase64(params.text('UserData') ?? ''),
    ...optional('clientToken', params.text('ClientToken')),
    dryRun: params.flag('DryRun') ?? false,
    ...optional('instanceProfile', profileName(params)),
    spot: params.text('InstanceMarketOptions.MarketType') === 'spot',
    blockDevices: params.groups('BlockDeviceMapping').map(decodeDevice),
    instanceTags: tags.get('instance') ?? [],
    volumeTags: tags.get('volume') ?? [],
    other: { ...network?.other, ...params.rest(OTHER) },
  };
}

function optional<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}

function decodeNetwork(params: Params) {
  return {
    subnetID: params.text('SubnetId'),
    groups: params.list('SecurityGroupId'),
    other: params.rest(['DeviceIndex', 'AssociatePublicIpAddress', 'DeleteOnTermination', 'Description']),
  };
}

function profileName(params: Params): string | undefined {
  const arn = params.text('IamInstanceProfile.Arn');
  return params.text('IamInstanceProfile.Name') ?? arn?.slice(arn.lastIndexOf('/') + 1);
}

function decodeDevice(params: Params): BlockDevice {
  return {
    deviceName: params.text('DeviceName') ?? '',
    ...optional('size', params.number('Ebs.VolumeSize')),
    ...optional('type', params.text('Ebs.VolumeType')),
    ...optional('iops', params.number('Ebs.Iops')),
    ...optional('throughput', params.number('Ebs.Throughput')),
    ...optional('kmsKeyID', params.text('Ebs.KmsKeyId')),
    ...optional('encrypted', params.flag('Ebs.Encrypted')),
    ...optional('deleteOnTermination', params.flag('Ebs.DeleteOnTermination')),
  };
}

function decodeTags(params: Params): Map<string, Tag[]> {
  const byType = new Map<string, Tag[]>();
  for (const specification of params.groups('TagSpecification')) {
    const type = specification.text('ResourceType') ?? '';
    if (!['instance', 'volume', 'network-interface', 'spot-instances-request'].includes(type))
      throw invalidValue(`'${type}' is not a valid taggable resource type for this operation.`);
    if (byType.has(type))
      throw invalidValue(`Tag specification resource type '${type}' is given more than once.`);
    byType.set(type, specification.groups('Tag').map(decodeTag));
  }
  return byType;
}

export function decodeTag(params: Params): Tag {
  return { key: params.text('Key') ?? '', value: params.text('Value') ?? '' };
}

function decodeBase64(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    throw new CloudError('InvalidUserData.Malformed', 'The user data is not properly base64 encoded.');
  return bytes.toString();
}
