import { own } from '../../../src/api/base/own.ts';
import { bucketOf } from '../../../src/api/launch/vcpuBuckets.ts';
import { CloudError } from '../base/errors.ts';
import { currentState, type RunInput, type SubnetRecord } from '../base/model.ts';
import type { Cloud } from './state.ts';

/** @throws CloudError Blocked, PendingVerification, InstanceLimitExceeded, VcpuLimitExceeded, MaxSpotInstanceCountExceeded */
export function checkQuota(cloud: Cloud, input: RunInput, vcpus: number): void {
  const { quota, refused } = cloud.account;
  if (refused) throw new CloudError(refused, 'Your account launches nothing at present.');
  const bucket = bucketOf(input.instanceType);
  const buckets = new Map<string, string>();
  const used = { instances: 0, vcpus: 0 };
  for (const instance of cloud.instances.values()) {
    const state = currentState(instance);
    if (state !== 'pending' && state !== 'running') continue;
    used.instances += 1;
    if (instance.spot !== input.spot) continue;
    const its = buckets.get(instance.type) ?? bucketOf(instance.type);
    buckets.set(instance.type, its);
    if (its === bucket) used.vcpus += instance.vcpus;
  }
  if (used.instances + 1 > quota.instances)
    throw new CloudError(
      'InstanceLimitExceeded',
      `Your quota allows for ${quota.instances} running instance(s). You requested at least 1.`,
    );
  const most =
    own(quota.buckets, `${input.spot ? 'Spot' : 'OnDemand'}/${bucket}`) ??
    (input.spot ? quota.spotVcpus : quota.vcpus);
  if (used.vcpus + vcpus <= most) return;
  if (input.spot) throw new CloudError('MaxSpotInstanceCountExceeded', 'Max spot instance count exceeded');
  throw new CloudError(
    'VcpuLimitExceeded',
    `You have requested more vCPU capacity than your current vCPU limit of ${most} allows for the instance bucket that the specified instance type belongs to.`,
  );
}

/** A /20 has 4,096 addresses, of which AWS keeps the first four and the last ("Subnet sizing"). */
const ADDRESSES = { first: 4, last: 4_094 };

/** How many instances the subnet still has addresses for. */
export function addressesLeft(cloud: Cloud, subnet: SubnetRecord): number {
  return ADDRESSES.last - ADDRESSES.first + 1 - takenAddresses(cloud, subnet).size;
}

function takenAddresses(cloud: Cloud, subnet: SubnetRecord): Set<number> {
  const taken = new Set<number>();
  for (const instance of cloud.instances.values())
    if (instance.subnetID === subnet.id && currentState(instance) !== 'terminated') taken.add(instance.host);
  return taken;
}

/** @throws CloudError InsufficientFreeAddressesInSubnet */
export function freeHost(cloud: Cloud, subnet: SubnetRecord): number {
  const taken = takenAddresses(cloud, subnet);
  for (let host = ADDRESSES.first; host <= ADDRESSES.last; host += 1) if (!taken.has(host)) return host;
  throw new CloudError(
    'InsufficientFreeAddressesInSubnet',
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}
