import { describe, expect, test } from 'vitest';
import type { Refusal } from '../reasons/refusals.ts';
import { type AskedFor, covers, sayScope, scopeKey, scopeOf } from './refusalScope.ts';

const SPOT: AskedFor = {
  instanceType: 'm7i.xlarge',
  capacityType: 'Spot',
  zone: 'a',
  subnetID: 'subnet-1',
  imageID: 'ami-1',
};
const OTHERS = {
  itself: {},
  'another zone': { zone: 'b', subnetID: 'subnet-2' },
  'another subnet': { subnetID: 'subnet-3' },
  'On-Demand': { capacityType: 'OnDemand' as const },
  'as many vCPUs of the bucket': { instanceType: 'r6i.xlarge' },
  'more of the bucket': { instanceType: 'm7i.2xlarge' },
  'fewer of the bucket': { instanceType: 'm7i.large' },
  'another bucket': { instanceType: 'x2iedn.xlarge' },
  'another image': { imageID: 'ami-2' },
};

const ALL = Object.keys(OTHERS);
const except = (...names: string[]) => ALL.filter((name) => !names.includes(name));
const BUCKET = [
  'itself',
  'another zone',
  'another subnet',
  'as many vCPUs of the bucket',
  'more of the bucket',
];

describe('a refusal speaks of', () => {
  test.each<[string, Refusal, string[]]>([
    ['InsufficientInstanceCapacity', 'capacity', ['itself', 'another subnet', 'another image']],
    ['SpotMaxPriceTooLow', 'capacity', ['itself', 'another subnet', 'another image']],
    ['Unsupported', 'capacity', ['itself', 'another subnet', 'On-Demand', 'another image']],
    ['InsufficientFreeAddressesInSubnet', 'capacity', except('another zone', 'another subnet')],
    ['MaxSpotInstanceCountExceeded', 'quota', [...BUCKET, 'another image']],
    ['VcpuLimitExceeded', 'quota', [...BUCKET, 'another image']],
    ['InstanceLimitExceeded', 'quota', ['itself', 'another zone', 'another subnet', 'another image']],
    ['SpotServiceLinkedRoleCreationNotPermitted', 'userFix', except('On-Demand')],
    ['VolumeLimitExceeded', 'quota', ALL],
    ['PendingVerification', 'quota', ALL],
    ['Blocked', 'userFix', ALL],
    ['OptInRequired', 'userFix', except('another image')],
  ])('%s: these and no others', (code, kind, names) => {
    const scope = scopeOf(code, kind, SPOT);
    const covered = Object.entries(OTHERS).filter(
      ([, other]) => scope && covers(scope, { ...SPOT, ...other }),
    );
    expect(covered.map(([name]) => name)).toEqual(ALL.filter((name) => names.includes(name)));
  });

  test.each(['UnauthorizedOperation', 'InvalidParameterValue', 'constructor', '__proto__'])(
    '%s: nothing but its own request',
    (code) => expect(scopeOf(code, 'userFix', SPOT)).toBeUndefined(),
  );

  test('a type whose size its name does not say: that type alone', () => {
    const scope = scopeOf('VcpuLimitExceeded', 'quota', { ...SPOT, instanceType: 'm5.metal' });
    expect(scope).toEqual({ capacityType: 'Spot', instanceType: 'm5.metal' });
  });
});

test('scopes are alike exactly where they cover alike, and say in words what they cover', () => {
  const [here, there] = [SPOT, { ...SPOT, zone: 'b', subnetID: 'subnet-2' }].map((asked) =>
    scopeOf('VcpuLimitExceeded', 'quota', asked),
  );
  if (!here || !there) throw new Error('a quota has a scope');
  expect(scopeKey(here)).toBe(scopeKey(there));
  expect(scopeKey(here)).not.toBe(scopeKey({ capacityType: 'Spot' }));
  expect(sayScope(here)).toBe('Spot, Standard types with 4 vCPUs or more');
  expect(sayScope({})).toBe('the whole account and region');
});
