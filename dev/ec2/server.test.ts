import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createVirtualClock, type VirtualClock } from '../../test/support/base/virtualClock.ts';
import { type Ec2Server, startEc2 } from './server.ts';

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };
const launch: RunInstancesCommandInput = {
  MinCount: 1,
  MaxCount: 1,
  ImageId: 'ami-0aaaaaaaaaaaaaaaa',
  InstanceType: 'm7i.large',
  SubnetId: 'subnet-02222222222222222',
  SecurityGroupIds: ['sg-01111111111111111'],
  IamInstanceProfile: { Name: 'workspace' },
  ClientToken: 'token-1',
  UserData: Buffer.from('#!/bin/sh\necho <hello> & "bye"\n').toString('base64'),
  BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 30, VolumeType: 'gp3' } }],
  MetadataOptions: { HttpTokens: 'required' },
  TagSpecifications: [
    { ResourceType: 'instance', Tags: [{ Key: 'name', Value: 'a <b> & "c"' }] },
    { ResourceType: 'volume', Tags: [{ Key: 'name', Value: 'a' }] },
  ],
};

let clock: VirtualClock;
let cloud: Ec2Server;
let ec2: EC2Client;
let ssm: SSMClient;

beforeEach(async () => {
  clock = createVirtualClock();
  cloud = await startEc2({
    clock,
    random: systemRandom,
    region: 'eu-central-1',
    timings: { visibilityLag: [0, 0], readLag: [0, 0] },
  });
  const config = { region: 'eu-central-1', endpoint: cloud.url, credentials, maxAttempts: 1 };
  ec2 = new EC2Client(config);
  ssm = new SSMClient(config);
});

afterEach(async () => {
  ec2.destroy();
  ssm.destroy();
  await cloud.stop();
});

async function run(input: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const answer = await ec2.send(new RunInstancesCommand({ ...launch, ...input }));
  return answer.Instances?.[0]?.InstanceId ?? '';
}

async function stateOf(id: string): Promise<string | undefined> {
  const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return answer.Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

async function codeOf(promise: Promise<unknown>): Promise<{ code: string; status: number }> {
  return promise.then(
    () => ({ code: 'none', status: 200 }),
    (error: { name: string; $metadata?: { httpStatusCode?: number } }) => ({
      code: error.name,
      status: error.$metadata?.httpStatusCode ?? 0,
    }),
  );
}

describe('the real SDK against the embedded EC2', () => {
  it('reads back from an answer what it launched', async () => {
    const answer = await ec2.send(new RunInstancesCommand(launch));
    expect(answer.ReservationId).toMatch(/^r-[0-9a-f]{17}$/);
    expect(answer.Instances?.[0]).toMatchObject({
      InstanceId: expect.stringMatching(/^i-[0-9a-f]{17}$/),
      State: { Code: 0, Name: 'pending' },
      ClientToken: 'token-1',
      InstanceType: 'm7i.large',
      ImageId: 'ami-0aaaaaaaaaaaaaaaa',
      SubnetId: 'subnet-02222222222222222',
      Placement: { AvailabilityZone: 'eu-central-1b' },
      PrivateIpAddress: expect.stringMatching(/^10\.0\.32\./),
      LaunchTime: new Date(clock.now()),
      SecurityGroups: [{ GroupId: 'sg-01111111111111111' }],
      Tags: [{ Key: 'name', Value: 'a <b> & "c"' }],
    });
    const id = answer.Instances?.[0]?.InstanceId ?? '';
    expect(cloud.state.instances.get(id)?.userData).toBe('#!/bin/sh\necho <hello> & "bye"\n');
  });

  it('goes through the life of an instance: stop, start, terminate', async () => {
    const id = await run();
    await clock.advance(30_000);
    expect(await stateOf(id)).toBe('running');
    const stopping = await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    expect(stopping.StoppingInstances?.[0]).toMatchObject({
      InstanceId: id,
      CurrentState: { Name: 'stopping' },
      PreviousState: { Name: 'running' },
    });
    await clock.advance(15_000);
    expect(await stateOf(id)).toBe('stopped');
    const starting = await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    expect(starting.StartingInstances?.[0]?.CurrentState?.Name).toBe('pending');
    await clock.advance(30_000);
    const ending = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(ending.TerminatingInstances?.[0]?.CurrentState?.Name).toBe('shutting-down');
    await clock.advance(15_000);
    expect(await stateOf(id)).toBe('terminated');
    expect(cloud.counters.terminations()).toHaveLength(1);
  });

  it('walks pages that hold every instance once', async () => {
    for (let i = 0; i < 12; i += 1) {
      await run({ ClientToken: `token-${i}` });
      await clock.advance(1_000);
    }
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page: { Reservations?: { Instances?: { InstanceId?: string }[] }[]; NextToken?: string } =
        await ec2.send(
          new DescribeInstancesCommand({
            MaxResults: 5,
            Filters: [{ Name: 'tag:name', Values: ['a*'] }],
            ...(token !== undefined && { NextToken: token }),
          }),
        );
      for (const reservation of page.Reservations ?? [])
        for (const instance of reservation.Instances ?? []) seen.push(instance.InstanceId ?? '');
      token = page.NextToken;
    } while (token !== undefined);
    expect(seen).toEqual([...cloud.state.instances.keys()]);
  });

  it('filters by state, id, token and tag', async () => {
    const first = await run({ ClientToken: 'one' });
    await clock.advance(30_000);
    await run({ ClientToken: 'two' });
    const find = async (name: string, value: string) => {
      const answer = await ec2.send(
        new DescribeInstancesCommand({ Filters: [{ Name: name, Values: [value] }] }),
      );
      return (answer.Reservations ?? []).flatMap((r) => r.Instances ?? []).map((i) => i.ClientToken);
    };
    expect(await find('instance-state-name', 'running')).toEqual(['one']);
    expect(await find('instance-id', first)).toEqual(['one']);
    expect(await find('client-token', 'two')).toEqual(['two']);
    expect(await find('tag:name', 'a <b> & "?"')).toEqual(['one', 'two']);
    expect(await find('tag:name', 'a')).toEqual([]);
    expect(await codeOf(find('no-such-filter', 'x'))).toMatchObject({ code: 'InvalidParameterValue' });
  });

  it('shows subnets, groups and images by filter and by id', async () => {
    const workspaces = [{ Name: 'tag:workspaces', Values: ['true'] }];
    const subnets = await ec2.send(new DescribeSubnetsCommand({ Filters: workspaces, MaxResults: 1000 }));
    expect(subnets.Subnets?.map((s) => s.AvailabilityZone)).toEqual([
      'eu-central-1a',
      'eu-central-1b',
      'eu-central-1c',
    ]);
    expect(subnets.Subnets?.[0]?.AvailableIpAddressCount).toBe(4091);
    const groups = await ec2.send(new DescribeSecurityGroupsCommand({ Filters: workspaces }));
    expect(groups.SecurityGroups?.map((g) => g.GroupId)).toEqual(['sg-01111111111111111']);
    const images = await ec2.send(new DescribeImagesCommand({ ImageIds: ['ami-0bbbbbbbbbbbbbbbb'] }));
    expect(images.Images?.[0]).toMatchObject({
      State: 'available',
      Architecture: 'arm64',
      RootDeviceName: '/dev/xvda',
    });
    expect(await codeOf(ec2.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-09'] })))).toEqual({
      code: 'InvalidSubnetID.NotFound',
      status: 400,
    });
  });

  it('adds tags, and gives console output and status', async () => {
    const id = await run();
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'name', Value: 'new' }] }));
    const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    expect(answer.Reservations?.[0]?.Instances?.[0]?.Tags).toEqual([{ Key: 'name', Value: 'new' }]);

    const empty = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id }));
    expect(empty.Output).toBeUndefined();
    const record = cloud.state.instances.get(id);
    if (record === undefined) throw new Error('the instance is missing');
    record.console = 'boot\n\u001b[0mönly\n';
    const output = await ec2.send(new GetConsoleOutputCommand({ InstanceId: id }));
    expect(Buffer.from(output.Output ?? '', 'base64').toString()).toBe('boot\n\u001b[0mönly\n');

    const impaired = new DescribeInstanceStatusCommand({
      Filters: [{ Name: 'instance-status.status', Values: ['impaired'] }],
    });
    await clock.advance(30_000);
    expect((await ec2.send(impaired)).InstanceStatuses).toEqual([]);
    cloud.faults.impair(id, 'instance');
    expect((await ec2.send(impaired)).InstanceStatuses?.map((s) => s.InstanceId)).toEqual([id]);
    cloud.faults.impair(id, 'system');
    expect((await ec2.send(impaired)).InstanceStatuses).toEqual([]);
    const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id] }));
    expect(InstanceStatuses).toMatchObject([
      { InstanceStatus: { Status: 'initializing' }, SystemStatus: { Status: 'impaired' } },
    ]);
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    expect((await ec2.send(new DescribeInstanceStatusCommand({}))).InstanceStatuses).toEqual([]);
    const all = new DescribeInstanceStatusCommand({ IncludeAllInstances: true });
    expect((await ec2.send(all)).InstanceStatuses).toMatchObject([
      { InstanceState: { Name: 'stopping' }, SystemStatus: { Status: 'not-applicable' } },
    ]);
    await clock.advance(30_000);
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    await clock.advance(150_000);
    expect((await ec2.send(all)).InstanceStatuses).toMatchObject([{ SystemStatus: { Status: 'ok' } }]);
  });

  it('gives SSM parameters, and says which one is missing', async () => {
    const answer = await ssm.send(new GetParameterCommand({ Name: '/workspaces/images/arm64' }));
    expect(answer.Parameter?.Value).toBe('ami-0bbbbbbbbbbbbbbbb');
    expect(await codeOf(ssm.send(new GetParameterCommand({ Name: '/nope' })))).toEqual({
      code: 'ParameterNotFound',
      status: 400,
    });
  });

  it.each<[string, Partial<RunInstancesCommandInput>, number]>([
    ['InvalidAMIID.NotFound', { ImageId: 'ami-0cccccccccccccccc' }, 400],
    ['InvalidAMIID.Malformed', { ImageId: 'ami-x' }, 400],
    ['InvalidSubnetID.NotFound', { SubnetId: 'subnet-09999999999999999' }, 400],
    ['InvalidGroup.NotFound', { SecurityGroupIds: ['sg-09999999999999999'] }, 400],
    ['InvalidParameterValue', { IamInstanceProfile: { Name: 'nobody' } }, 400],
    ['InvalidParameterValue', { InstanceType: 'm7g.large' }, 400],
    ['InvalidParameterValue', { UserData: Buffer.alloc(16_385, 'a').toString('base64') }, 400],
    ['InvalidParameterValue', { ClientToken: 'x'.repeat(65) }, 400],
    ['InvalidUserData.Malformed', { UserData: 'not base64!' }, 400],
    ['UnknownParameter', { RamdiskId: 'ari-1' }, 400],
    ['DryRunOperation', { DryRun: true }, 412],
  ])('refuses with %s, and the refusal leaves the token free', async (code, wrong, status) => {
    expect(await codeOf(run(wrong))).toEqual({ code, status });
    expect(cloud.counters.provisions()).toHaveLength(0);
    await run();
    expect(cloud.counters.provisions()).toHaveLength(1);
  });

  it('refuses unknown actions and unsigned requests', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(cloud.url, { method: 'POST', headers, body: new URLSearchParams({ Action: 'ReinventWheel' }) });
    const unsigned = await post({});
    expect(unsigned.status).toBe(403);
    expect(await unsigned.text()).toContain('<Code>MissingAuthenticationToken</Code>');
    const signed = await post({ authorization: 'AWS4-HMAC-SHA256 Credential=x' });
    expect(await signed.text()).toContain('<Code>InvalidAction</Code>');
  });
});
