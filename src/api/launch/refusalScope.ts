import type { Refusal } from '../reasons/refusals.ts';
import { bucketOf, vcpusOf } from './vcpuBuckets.ts';

/** The parts of a launch's request that EC2 may refuse. */
export interface AskedFor {
  instanceType: string;
  capacityType: 'OnDemand' | 'Spot';
  zone: string;
  subnetID: string;
  imageID?: string | undefined;
}

/** The launches that a refusal speaks of: all that ask for this. Nothing given: every launch of the account. */
export interface RefusalScope {
  readonly capacityType?: AskedFor['capacityType'];
  /** A bucket of families that share a vCPU quota, and of it all types with as many vCPUs or more. */
  readonly bucket?: { readonly name: string; readonly minVcpus: number };
  readonly instanceType?: string;
  readonly zone?: string;
  readonly subnetID?: string;
  readonly imageID?: string | undefined;
}

/** In the place of AWS's code for a refusal: its state reason of a Spot instance that it took back. It speaks of that offering. */
export const TAKEN_BACK = 'SpotInstanceTermination';

const ofOffering = ({ instanceType, zone, capacityType }: AskedFor): RefusalScope => ({
  capacityType,
  instanceType,
  zone,
});

function ofBucket({ instanceType, capacityType }: AskedFor): RefusalScope {
  const minVcpus = vcpusOf(instanceType);
  if (minVcpus === undefined) return { capacityType, instanceType };
  return { capacityType, bucket: { name: bucketOf(instanceType), minVcpus } };
}

/**
 * By AWS's error code ("Error codes for the Amazon EC2 API"). Where AWS does not say how far a code reaches, the narrower
 * reading holds: too narrow costs a refused try, too wide keeps what would be launched from being asked for.
 */
const BY_CODE: ReadonlyMap<string, (asked: AskedFor) => RefusalScope> = new Map(
  Object.entries({
    VcpuLimitExceeded: ofBucket,
    MaxSpotInstanceCountExceeded: ofBucket,
    // "The limit depends on the instance type."
    InstanceLimitExceeded: ({ capacityType, instanceType }) => ({ capacityType, instanceType }),
    // "… does not support that type in this zone", however it is paid for.
    Unsupported: ({ instanceType, zone }) => ({ instanceType, zone }),
    InsufficientFreeAddressesInSubnet: ({ subnetID }) => ({ subnetID }),
    SpotServiceLinkedRoleCreationNotPermitted: ({ capacityType }) => ({ capacityType }),
    // Of a service it is the account's; of an image from the Marketplace, that image's.
    OptInRequired: ({ imageID }) => (imageID === undefined ? {} : { imageID }),
    PendingVerification: () => ({}),
    Blocked: () => ({}),
    AccountDisabled: () => ({}),
  } satisfies Record<string, (asked: AskedFor) => RefusalScope>),
);

/** The scope of a code without a line of its own, by kind of refusal; undefined: this request alone. */
const BY_KIND: Readonly<Record<Refusal, ((asked: AskedFor) => RefusalScope) | undefined>> = {
  capacity: ofOffering,
  // Volumes, network interfaces, addresses: every launch needs one.
  quota: () => ({}),
  userFix: undefined,
};

/** Which other launches EC2 would refuse as well; undefined where it follows for none. */
export function scopeOf(code: string, kind: Refusal, asked: AskedFor): RefusalScope | undefined {
  return (BY_CODE.get(code) ?? BY_KIND[kind])?.(asked);
}

export function covers(scope: RefusalScope, asked: AskedFor): boolean {
  const { bucket } = scope;
  if (bucket && bucketOf(asked.instanceType) !== bucket.name) return false;
  if (bucket && (vcpusOf(asked.instanceType) ?? 0) < bucket.minVcpus) return false;
  return FIELDS.every((field) => scope[field] === undefined || scope[field] === asked[field]);
}

const FIELDS = ['capacityType', 'instanceType', 'zone', 'subnetID', 'imageID'] as const;

/** The same for refusals that speak of the same. */
export function scopeKey({ bucket, ...scope }: RefusalScope): string {
  return JSON.stringify([bucket?.name, bucket?.minVcpus, ...FIELDS.map((field) => scope[field])]);
}

/** In words, as "Spot, Standard types with 2 vCPUs or more". */
export function sayScope({ bucket, capacityType, ...scope }: RefusalScope): string {
  const parts = [
    capacityType,
    bucket && `${bucket.name} types with ${bucket.minVcpus} vCPUs or more`,
    scope.instanceType,
    scope.zone && `zone ${scope.zone}`,
    scope.subnetID,
    scope.imageID,
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(', ') : 'the whole account and region';
}
