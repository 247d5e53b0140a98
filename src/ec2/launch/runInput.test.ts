import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { launchParams, runRequest } from '../../../test/support/cloud/ec2.ts';
import { runInstancesInput } from './runInput.ts';

describe('the RunInstances input', () => {
  it('asks for exactly one instance, guarded, tagged in order, gone with its volume', () => {
    expect(runInstancesInput(runRequest())).toEqual({
      ClientToken: 'token-1',
      MinCount: 1,
      MaxCount: 1,
      ImageId: 'ami-0a1',
      InstanceType: 'm7i.large',
      SubnetId: 'subnet-0a1',
      SecurityGroupIds: ['sg-0b', 'sg-0a'],
      IamInstanceProfile: { Name: 'workspace' },
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: { DeleteOnTermination: true, VolumeSize: 30, VolumeType: 'gp3', Iops: 3000, Throughput: 125 },
        },
      ],
      MetadataOptions: { HttpEndpoint: 'enabled', HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      TagSpecifications: ['instance', 'volume'].map((ResourceType) => ({
        ResourceType,
        Tags: [
          { Key: 'compute.molecule.ai/uid', Value: 'uid-1' },
          { Key: 'compute.molecule.ai/cluster', Value: 'cluster-1' },
        ],
      })),
      UserData: Buffer.from('#!/bin/sh\necho grüße\n').toString('base64'),
    });
  });

  it('is the same text for params that were stored and read again, in any order of their fields', () => {
    const { rootVolume, ...rest } = launchParams;
    const reread = JSON.parse(
      JSON.stringify({ rootVolume: Object.fromEntries(Object.entries(rootVolume).reverse()), ...rest }),
    );
    const first = JSON.stringify(runInstancesInput(runRequest()));
    expect(JSON.stringify(runInstancesInput(runRequest({ params: reread })))).toBe(first);
  });

  it('asks for a one-time Spot instance that terminates when it is interrupted', () => {
    const input = runInstancesInput(runRequest({ params: { ...launchParams, capacityType: 'Spot' } }));
    expect(input.InstanceMarketOptions).toEqual({
      MarketType: 'spot',
      SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
    });
  });

  it('says what an account’s default could break or weaken, from version 2 on', () => {
    const { MetadataOptions, BlockDeviceMappings, TagSpecifications, ...rest } = runInstancesInput(
      runRequest({ version: 2 }),
    );
    expect(MetadataOptions).toEqual({
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'disabled',
    });
    expect(BlockDeviceMappings?.map(({ Ebs }) => Ebs)).toMatchObject([{ Encrypted: true, VolumeSize: 30 }]);
    expect(TagSpecifications?.map(({ ResourceType }) => ResourceType)).toEqual([
      'instance',
      'volume',
      'network-interface',
    ]);
    expect(rest).toMatchObject({
      InstanceInitiatedShutdownBehavior: 'stop',
      SubnetId: 'subnet-0a1',
      SecurityGroupIds: ['sg-0b', 'sg-0a'],
    });
  });

  it('tags the request of a Spot instance as well, and leaves its shutdown to EC2', () => {
    const params = { ...launchParams, capacityType: 'Spot' as const };
    const input = runInstancesInput(runRequest({ version: 2, params }));
    expect(input.TagSpecifications?.at(-1)?.ResourceType).toBe('spot-instances-request');
    expect(input).not.toHaveProperty('InstanceInitiatedShutdownBehavior');
  });

  it('asks for a public address, or for none, with the network interface', () => {
    const params = { ...launchParams, publicIPAddress: false };
    const input = runInstancesInput(runRequest({ version: 2, params }));
    expect(input).not.toHaveProperty('SubnetId');
    expect(input).not.toHaveProperty('SecurityGroupIds');
    expect(input.NetworkInterfaces).toEqual([
      {
        DeviceIndex: 0,
        SubnetId: 'subnet-0a1',
        Groups: ['sg-0b', 'sg-0a'],
        AssociatePublicIpAddress: false,
        DeleteOnTermination: true,
      },
    ]);
  });

  it('leaves out what was not given, and encrypts under a key that was', () => {
    const { instanceProfile: _profile, ...rest } = launchParams;
    const rootVolume = { deviceName: '/dev/sda1', sizeGiB: 8, type: 'gp2', kmsKeyID: 'key-1' };
    const input = runInstancesInput(runRequest({ params: { ...rest, rootVolume } }));
    expect(input).not.toHaveProperty('IamInstanceProfile');
    expect(input).not.toHaveProperty('DryRun');
    expect(input).not.toHaveProperty('InstanceMarketOptions');
    expect(input.BlockDeviceMappings?.[0]?.Ebs).toEqual({
      DeleteOnTermination: true,
      VolumeSize: 8,
      VolumeType: 'gp2',
      Encrypted: true,
      KmsKeyId: 'key-1',
    });
  });

  it('is frozen as version 1: launches in doubt depend on its bytes', () => {
    const rootVolume = { deviceName: '/dev/xvda', sizeGiB: 30, type: 'io2', iops: 9000, kmsKeyID: 'key-1' };
    const spot = { ...launchParams, rootVolume, capacityType: 'Spot' } as const;
    const bytes = [runRequest(), runRequest({ params: spot })].map((it) =>
      JSON.stringify(runInstancesInput(it)),
    );
    expect(bytes.map((text) => createHash('sha256').update(text).digest('hex'))).toEqual([
      'ec9b7fbbc22bed9e837c4e82a1a5690a0a1281526374b347ee8164d06a1abd62',
      'da38daebe9d0e9b2228b45c8d97e620619d604751131ef3f3ef103d28772ac89',
    ]);
  });

  it('differs from the real one by DryRun alone when it is a dry run', () => {
    const real = runInstancesInput(runRequest());
    expect(runInstancesInput(runRequest({ dryRun: true }))).toEqual({ ...real, DryRun: true });
  });
});
