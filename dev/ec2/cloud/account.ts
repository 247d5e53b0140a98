import type { Account } from '../base/model.ts';

const VPC = 'vpc-0a1b2c3d4e5f60718';

/** An account with a VPC over three zones, one image an architecture, and the SSM parameters that name them. */
export function defaultAccount(region: string): Account {
  const subnet = (letter: string, digit: number) => ({
    id: `subnet-0${String(digit).repeat(16)}`,
    zone: `${region}${letter}`,
    vpcID: VPC,
    block: 16 * digit,
    tags: [
      { key: 'Name', value: `workspaces-${letter}` },
      { key: 'workspaces', value: 'true' },
    ],
  });
  return {
    id: '123456789012',
    subnets: [subnet('a', 1), subnet('b', 2), subnet('c', 3)],
    securityGroups: [
      {
        id: 'sg-01111111111111111',
        name: 'workspaces',
        vpcID: VPC,
        tags: [{ key: 'workspaces', value: 'true' }],
      },
      { id: 'sg-02222222222222222', name: 'default', vpcID: VPC, tags: [] },
    ],
    images: [
      {
        id: 'ami-0aaaaaaaaaaaaaaaa',
        name: 'workspace-x86_64',
        architecture: 'x86_64',
        state: 'available',
        rootDeviceName: '/dev/xvda',
        snapshotSize: 8,
      },
      {
        id: 'ami-0bbbbbbbbbbbbbbbb',
        name: 'workspace-arm64',
        architecture: 'arm64',
        state: 'available',
        rootDeviceName: '/dev/xvda',
        snapshotSize: 8,
      },
    ],
    instanceProfiles: ['workspace'],
    ssmParameters: {
      '/workspaces/images/x86_64': 'ami-0aaaaaaaaaaaaaaaa',
      '/workspaces/images/arm64': 'ami-0bbbbbbbbbbbbbbbb',
    },
    quota: {
      vcpus: 5_000,
      spotVcpus: Number.POSITIVE_INFINITY,
      buckets: {},
      instances: Number.POSITIVE_INFINITY,
    },
  };
}
