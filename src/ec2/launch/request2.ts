import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { RunRequest } from '../calls/port.ts';
import { renderRequest1 } from './request1.ts';

// Frozen: a launch in flight is sent again byte by byte, also by the next release. A change is a request 3 beside this one.

/**
 * RunInstances, version 2: version 1 with every value whose default an account or an image can change.
 * - Tags in instance metadata stay off: where they are on, EC2 refuses keys with a slash, such as all of ours
 *   ("Work with instance tags in instance metadata", EC2 User Guide).
 * - A shutdown from within stops an On-Demand instance, and it is started again; AWS takes no such value for Spot.
 * - The root volume is encrypted, with the class's key or the account's default key for EBS.
 * - All that the request creates carries the tags, as IAM policies and SCPs that ask for tags at creation demand.
 * - The class decides about a public address; without that, the subnet does.
 */
export function renderRequest2(request: RunRequest): RunInstancesCommandInput {
  const { params } = request;
  const { SubnetId, SecurityGroupIds, ...first } = renderRequest1(request);
  const spot = params.capacityType === 'Spot';
  const Tags = params.tags.map(({ key, value }) => ({ Key: key, Value: value }));
  const created = [
    'instance',
    'volume',
    'network-interface',
    ...(spot ? (['spot-instances-request'] as const) : []),
  ];
  return {
    ...first,
    ...network(params.publicIPAddress, { SubnetId, SecurityGroupIds }),
    BlockDeviceMappings: first.BlockDeviceMappings?.map(({ Ebs, ...device }) => ({
      ...device,
      Ebs: { ...Ebs, Encrypted: true },
    })),
    MetadataOptions: { ...first.MetadataOptions, InstanceMetadataTags: 'disabled' },
    ...(spot ? {} : { InstanceInitiatedShutdownBehavior: 'stop' }),
    TagSpecifications: created.map((type) => ({ ResourceType: type as 'instance', Tags })),
  };
}

/** An address can be asked for only with the network interface, which then takes subnet and groups as well. */
function network(
  publicIPAddress: boolean | undefined,
  { SubnetId, SecurityGroupIds }: Pick<RunInstancesCommandInput, 'SubnetId' | 'SecurityGroupIds'>,
): Partial<RunInstancesCommandInput> {
  if (publicIPAddress === undefined) return { SubnetId, SecurityGroupIds };
  const card = {
    DeviceIndex: 0,
    SubnetId,
    Groups: SecurityGroupIds,
    AssociatePublicIpAddress: publicIPAddress,
  };
  return { NetworkInterfaces: [{ ...card, DeleteOnTermination: true }] };
}
