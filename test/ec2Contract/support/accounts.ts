import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { startEc2 } from '../../../dev/ec2/server.ts';
import { type Clock, sleep, systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createVirtualClock } from '../../support/base/virtualClock.ts';

const REGION = 'eu-central-1';

interface Subnet {
  id: string;
  zone: string;
}

/** What is there before the first launch. Subnets and the security group carry the tag workspaces=true. */
export interface Account {
  imageID: string;
  rootDeviceName: string;
  /** Of the image's architecture. */
  instanceType: string;
  subnets: readonly [Subnet, Subnet];
  securityGroupID: string;
  vpcID: string;
  /** Holds the image's id. */
  parameter: string;
}

export interface Endpoint {
  url: string;
  /** The cloud's. */
  clock: Clock;
  /** Lets a second of the cloud's time go by. */
  pass(): Promise<void>;
  account: Account;
  stop(): Promise<void>;
}

export async function startEmbedded(): Promise<Endpoint> {
  const clock = createVirtualClock();
  const server = await startEc2({
    clock,
    random: systemRandom,
    region: REGION,
    // What a new instance's lag does is a matter of the embedded EC2's own tests.
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
    buckets: {},
  });
  const { subnets, securityGroups, images } = server.state.account;
  const [a, b] = subnets;
  const group = securityGroups.find(({ tags }) => tags.length > 0);
  const image = images.find(({ architecture }) => architecture === 'x86_64');
  if (!a || !b || !group || !image) throw new Error('the embedded EC2 begins without what a launch needs');
  return {
    url: server.url,
    clock,
    pass: () => clock.advance(1_000),
    account: {
      imageID: image.id,
      rootDeviceName: image.rootDeviceName,
      instanceType: 'm7i.large',
      subnets: [a, b],
      securityGroupID: group.id,
      vpcID: group.vpcID,
      parameter: '/workspaces/images/x86_64',
    },
    stop: server.stop,
  };
}

/** moto's region begins with a default VPC; the rest is put there as a person would. */
export async function useMoto(url: string): Promise<Endpoint> {
  const shared = {
    region: REGION,
    endpoint: url,
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  };
  const ec2 = new EC2Client(shared);
  const ssm = new SSMClient(shared);
  try {
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    const [a, b] = Subnets.map(({ SubnetId: id = '', AvailabilityZone: zone = '' }) => ({ id, zone }));
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    const group = SecurityGroups.find(({ GroupName }) => GroupName === 'default');
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({}));
    const image = Images.find((one) => one.Architecture === 'x86_64' && one.RootDeviceType === 'ebs');
    if (!a || !b || !group?.GroupId || !image?.ImageId || !image.RootDeviceName)
      throw new Error('moto begins without what a launch needs');
    const Resources = [a.id, b.id, group.GroupId];
    await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'workspaces', Value: 'true' }] }));
    const parameter = '/workspaces/images/x86_64';
    const put = { Name: parameter, Value: image.ImageId, Type: 'String', Overwrite: true } as const;
    await ssm.send(new PutParameterCommand(put));
    return {
      url,
      clock: systemClock,
      // moto has no time of its own: what it does is done at once.
      pass: () => sleep(systemClock, 10),
      account: {
        imageID: image.ImageId,
        rootDeviceName: image.RootDeviceName,
        instanceType: 'm7i.large',
        subnets: [a, b],
        securityGroupID: group.GroupId,
        vpcID: group.VpcId ?? '',
        parameter,
      },
      stop: async () => undefined,
    };
  } finally {
    ec2.destroy();
    ssm.destroy();
  }
}
