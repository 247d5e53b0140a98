import type { RunInstancesCommandInput, Tag } from '@aws-sdk/client-ec2';
import type { LaunchParams } from '../../api/kinds/workspace.ts';
import type { RunRequest } from '../calls/port.ts';

// Frozen: a launch in flight is sent again byte by byte, also by the next release. A change is a request 2 beside this one.

/** RunInstances, version 1. Nothing here may depend on time, configuration or the order of a map. */
export function renderRequest1(request: RunRequest): RunInstancesCommandInput {
  const { params } = request;
  return {
    ...(request.dryRun ? { DryRun: true } : {}),
    ClientToken: request.clientToken,
    MinCount: 1,
    MaxCount: 1,
    ImageId: params.imageID,
    InstanceType: instanceType(params),
    SubnetId: params.subnetID,
    SecurityGroupIds: [...params.securityGroupIDs],
    ...(params.instanceProfile === undefined ? {} : { IamInstanceProfile: { Name: params.instanceProfile } }),
    BlockDeviceMappings: [{ DeviceName: params.rootVolume.deviceName, Ebs: rootVolume(params) }],
    // Only IMDSv2, and not from containers on the instance: the identity document is part of what proves who it is.
    MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    ...(params.capacityType === 'Spot' ? { InstanceMarketOptions: SPOT } : {}),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: tags(params) },
      { ResourceType: 'volume', Tags: tags(params) },
    ],
    UserData: Buffer.from(request.userData, 'utf8').toString('base64'),
  };
}

const SPOT: RunInstancesCommandInput['InstanceMarketOptions'] = {
  MarketType: 'spot',
  SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
};

type Sdk<K extends keyof RunInstancesCommandInput> = NonNullable<RunInstancesCommandInput[K]>;

// The SDK's union lists the types of its release; EC2 is the judge of newer ones.
function instanceType(params: LaunchParams): Sdk<'InstanceType'> {
  return params.instanceType as Sdk<'InstanceType'>;
}

function rootVolume({ rootVolume: volume }: LaunchParams): Sdk<'BlockDeviceMappings'>[number]['Ebs'] {
  return {
    DeleteOnTermination: true,
    VolumeSize: volume.sizeGiB,
    VolumeType: volume.type as NonNullable<Sdk<'BlockDeviceMappings'>[number]['Ebs']>['VolumeType'],
    ...(volume.iops === undefined ? {} : { Iops: volume.iops }),
    ...(volume.throughput === undefined ? {} : { Throughput: volume.throughput }),
    ...(volume.kmsKeyID === undefined ? {} : { Encrypted: true, KmsKeyId: volume.kmsKeyID }),
  };
}

function tags(params: LaunchParams): Tag[] {
  return params.tags.map(({ key, value }) => ({ Key: key, Value: value }));
}
