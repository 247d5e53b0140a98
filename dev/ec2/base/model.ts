import type { ImpairedCheck, InstanceState } from '../../../src/ec2/calls/port.ts';

/** Facts of a request that a rule can ask for: instanceType, capacityType, subnetID, clientToken, instanceID, tag:KEY, … */
export type Facts = Readonly<Record<string, readonly string[]>>;

/** A tag as it was sent; order is kept, because a replay must be equal in it too. */
export interface Tag {
  key: string;
  value: string;
}

export interface BlockDevice {
  deviceName: string;
  /** GiB. */
  size?: number;
  type?: string;
  iops?: number;
  throughput?: number;
  kmsKeyID?: string;
  encrypted?: boolean;
  deleteOnTermination?: boolean;
}

/** RunInstances as the cloud understands it, from either way of calling. */
export interface RunInput {
  imageID: string;
  instanceType: string;
  subnetID?: string;
  zone?: string;
  securityGroupIDs: readonly string[];
  /** Decoded. */
  userData: string;
  clientToken?: string;
  dryRun: boolean;
  instanceProfile?: string;
  spot: boolean;
  blockDevices: readonly BlockDevice[];
  instanceTags: readonly Tag[];
  volumeTags: readonly Tag[];
  /** Parameters that the cloud takes and compares but that change nothing here, by their wire names. */
  other: Readonly<Record<string, string>>;
}

/** One state that an instance had, from `at` (monotonic ms) on. */
export interface Phase {
  state: InstanceState;
  at: number;
}

/** A change of state that comes automatically, unless another change comes first. */
export interface DuePhase extends Phase {
  reason?: StateReason;
}

/** EC2's notice that it takes a Spot instance back ("Spot Instance interruption notices"). */
export interface Interruption {
  action: 'terminate';
  /** When, wall ms. */
  at: number;
}

export interface StateReason {
  code: string;
  message: string;
}

export interface InstanceRecord {
  readonly id: string;
  /** Order of creation; the place of an instance in pages. */
  readonly sequence: number;
  readonly reservationID: string;
  readonly clientToken: string | undefined;
  readonly type: string;
  readonly architecture: string;
  readonly imageID: string;
  readonly subnetID: string;
  readonly vpcID: string;
  readonly zone: string;
  readonly privateIP: string;
  /** Its address within the subnet. */
  readonly host: number;
  readonly vcpus: number;
  readonly securityGroupIDs: readonly string[];
  readonly instanceProfile: string | undefined;
  readonly spot: boolean;
  readonly userData: string;
  readonly volumeID: string;
  readonly rootDeviceName: string;
  /** Wall ms of the last launch or start, as EC2 reports it. */
  launchTime: number;
  tags: Tag[];
  /** Every state it had, oldest first; the last one is the truth, the earlier ones are for stale reads. */
  phases: Phase[];
  /** Monotonic ms from which on it can be seen in Describe answers. */
  visibleAt: number;
  /** Monotonic ms until which a fault hides it from Describe answers. */
  hiddenUntil: number;
  /** The status check that fails. */
  impaired: ImpairedCheck | false;
  stateReason: StateReason | undefined;
  transitionReason: string;
  /** The next change of state and when it is due (monotonic ms). */
  next: DuePhase | undefined;
  interruption: Interruption | undefined;
  /** How often it has reached `running` from `pending`. */
  boots: number;
  console: string;
  /** What a runtime keeps for the instance beyond a reboot, in place of files. */
  readonly disk: Record<string, string>;
}

export interface SubnetRecord {
  id: string;
  zone: string;
  vpcID: string;
  /** Third octet that its 10.0.x.0/20 begins at; a multiple of 16. */
  block: number;
  tags: Tag[];
}

export interface SecurityGroupRecord {
  id: string;
  name: string;
  vpcID: string;
  tags: Tag[];
}

export interface ImageRecord {
  id: string;
  name: string;
  architecture: 'x86_64' | 'arm64';
  state: 'available' | 'pending' | 'deregistered';
  rootDeviceName: string;
  /** GiB of its snapshot: the least size of a root volume. */
  snapshotSize: number;
}

/** How much may run at once. AWS raises and never lowers a quota below what runs; here any number goes. */
export interface Quota {
  /** vCPUs of each bucket of On-Demand families without a number of its own. */
  vcpus: number;
  /** The same for Spot. */
  spotVcpus: number;
  /** vCPUs by `capacityType/bucket`, as in `Spot/Standard` (src/api/launch/vcpuBuckets.ts). */
  buckets: Readonly<Record<string, number>>;
  /** Instances of all kinds, where an account still has such a limit. */
  instances: number;
}

/** What the account has before the first instance. */
export interface Account {
  id: string;
  subnets: SubnetRecord[];
  securityGroups: SecurityGroupRecord[];
  images: ImageRecord[];
  instanceProfiles: string[];
  ssmParameters: Record<string, string>;
  /** The account's default for tags in instance metadata; a request's own value wins. */
  instanceMetadataTags?: 'enabled' | 'disabled';
  quota: Quota;
  /** AWS's code for the whole account, such as `Blocked`: it launches nothing. */
  refused?: 'Blocked' | 'PendingVerification';
}

export function currentState(instance: InstanceRecord): InstanceState {
  const last = instance.phases.at(-1);
  if (last === undefined) throw new Error(`instance ${instance.id} never had a state`);
  return last.state;
}

/** The state at a moment in the past, for reads that lag; undefined before the instance existed. */
export function stateAt(instance: InstanceRecord, monotonic: number): InstanceState | undefined {
  return instance.phases.findLast((phase) => phase.at <= monotonic)?.state;
}

export const STATE_CODE: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};
