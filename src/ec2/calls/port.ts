import type { RequestVersion } from '../../api/kinds/launchParams.ts';
import type { LaunchParams } from '../../api/kinds/workspace.ts';
import type { MonoMs } from '../../controller/lib/time.ts';

/** EC2's instance states, unchanged. */
export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export { TAG } from '../../api/launch/tags.ts';

/** An instance as one DescribeInstances or RunInstances answer showed it. */
export interface Instance {
  id: string;
  state: InstanceState;
  type: string;
  zone: string;
  imageID?: string;
  capacityType?: 'OnDemand' | 'Spot';
  subnetID?: string;
  /** Absent once it terminated. */
  securityGroupIDs?: readonly string[];
  /** Name of its IAM instance profile; '' when it has none. Absent once it terminated. */
  instanceProfile?: string;
  privateIP?: string;
  clientToken?: string;
  launchTime?: string;
  /** StateReason's code, for decisions. */
  stateReasonCode?: string;
  /** StateReason and StateTransitionReason, for people. */
  stateReason?: string;
  tags: Readonly<Record<string, string>>;
}

/** The check that fails: the instance's own (its system doesn't answer) or the one of what it runs on. */
export type ImpairedCheck = 'instance' | 'system';

/** DescribeInstanceStatus's answer about one instance: ok, initializing, impaired, insufficient-data or not-applicable. */
export interface InstanceStatus {
  id: string;
  instance: string;
  system: string;
}

/**
 * How an error is to be treated; the table is in errors.ts.
 * capacity: another zone or type, with a new number. quota: wait. throttled: everyone waits, nothing was spent.
 * userFix: wait until the object changes. mismatch: IdempotentParameterMismatch. gone: the thing does not exist.
 * ambiguous: it may have happened. notSent: it certainly did not leave this process. dryRunOK: a dry run that would have worked.
 */
export const ERROR_CLASSES = [
  'capacity',
  'quota',
  'throttled',
  'userFix',
  'mismatch',
  'gone',
  'ambiguous',
  'notSent',
  'dryRunOK',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** The error that every method of Ec2Calls rejects with. The message never holds parameters. */
export interface Ec2Failure extends Error {
  name: 'Ec2Failure';
  class: ErrorClass;
  /** AWS's error code, e.g. InsufficientInstanceCapacity; for no answer the socket's, e.g. ECONNRESET. */
  code: string;
  action: string;
  requestID?: string;
}

export interface EffectOptions {
  /** Called after the wait for the bucket, immediately before the request goes out; a throw surfaces as `notSent`. */
  beforeSend?: () => void;
  /** `beforeSend` takes the token of the call, which waits in no queue; see lines.ts. */
  ownToken?: boolean;
}

export interface RunRequest {
  params: LaunchParams;
  /** How it is rendered: by what the launch was armed with. */
  version: RequestVersion;
  /** Rendered user data, not encoded. */
  userData: string;
  /** ≤ 64 ASCII characters. */
  clientToken: string;
  dryRun?: boolean;
}

export interface Filter {
  name: string;
  values: readonly string[];
}

export interface Page<T> {
  items: T[];
  nextToken?: string;
}

export interface Subnet {
  id: string;
  zone: string;
  vpcID: string;
  availableAddresses: number;
}

export interface Image {
  id: string;
  architecture: string;
  state: string;
  rootDeviceName: string;
}

export interface SecurityGroup {
  id: string;
  vpcID: string;
}

/** One method an API action: the port at which tests and the simulator cut the cloud. Every call goes through its bucket. */
export interface Ec2Calls {
  /** Never retried automatically. */
  runInstances(request: RunRequest, options?: EffectOptions): Promise<Instance>;
  terminateInstances(ids: readonly string[], options?: EffectOptions): Promise<void>;
  stopInstances(ids: readonly string[], options?: EffectOptions): Promise<void>;
  startInstances(ids: readonly string[], options?: EffectOptions): Promise<void>;
  /** At most 1,000 a page; filters, or ids, not both. */
  describeInstances(query: {
    filters?: readonly Filter[];
    ids?: readonly string[];
    nextToken?: string;
  }): Promise<Page<Instance>>;
  /** Status of all running instances in the account and region: EC2 has no filter by tags here. At most 1,000 a page. */
  describeInstanceStatus(query: {
    filters: readonly Filter[];
    nextToken?: string;
  }): Promise<Page<InstanceStatus>>;
  describeSubnets(query: { filters?: readonly Filter[]; ids?: readonly string[] }): Promise<Subnet[]>;
  describeSecurityGroups(query: {
    filters?: readonly Filter[];
    ids?: readonly string[];
  }): Promise<SecurityGroup[]>;
  describeImages(ids: readonly string[]): Promise<Image[]>;
  /** The value of an SSM parameter. */
  getParameter(name: string): Promise<string>;
  /** The last part of the console output, decoded; '' when EC2 has none yet. */
  getConsoleOutput(id: string): Promise<string>;
}

/** An instance as the observer knows it: the newest of all answers that showed it, and what absence is known. */
export interface ObservedInstance extends Instance {
  /** Targeted look-ups by id that said NotFound with no sighting in between: the begin of the first and the last. */
  notFound?: { firstAt: MonoMs; lastAt: MonoMs };
  /** Whether the newest complete read that should have shown it lacked it: its look-ups while it is followed, else the sweep. */
  missing: boolean;
  /** Every reading since `since` shows the check as failed. Absent where EC2 shows otherwise, or has not answered lately. */
  impaired?: { kind: ImpairedCheck; since: MonoMs };
}

/** One complete sweep. */
export interface Sweep {
  begunAt: MonoMs;
  endedAt: MonoMs;
}

/**
 * The sweep that a reader waits for: one begun at that moment or later; or each of them, at the normal interval, for as long as it
 * waits. While anyone waits, sweeps don't rest.
 */
export type SweepWish = { readonly from: MonoMs } | 'each';

/** The view that all reconciles read; one sweep and batched look-ups fill it, never a reconcile. */
export interface CloudView {
  /** The last complete sweep of this cluster's instances; undefined before the first. */
  lastSweep(): Sweep | undefined;
  /** Instances of a Workspace by its uid, terminated ones included while they are known. */
  ofWorkspace(uid: string): readonly ObservedInstance[];
  get(id: string): ObservedInstance | undefined;
  /** The same as ObservedInstance.notFound, also for a followed id that this process has never seen. */
  notFound(id: string): ObservedInstance['notFound'];
  /** Take an effect's answer as a reading, so that our own launch is never unseen. */
  note(instance: Instance): void;
  /**
   * Looks these instances of a Workspace up every `lookupIntervalMs`, until the next call; replaces the earlier set.
   * @param wish the sweep that it waits for, likewise
   */
  follow(uid: string, ids: readonly string[], wish?: SweepWish): void;
}

/** A class's terms as EC2 knows them, or what a person must fix. */
export type Resolution =
  | {
      ok: true;
      images: readonly Image[];
      subnets: readonly Subnet[];
      securityGroupIDs: readonly string[];
      /** The groups that each term selects, in the spec's order. */
      groupsByTerm?: readonly (readonly string[])[];
    }
  | {
      ok: false;
      /** missing: EC2 said that there is none. unavailable: EC2 could not be asked. */
      kind: 'missing' | 'unavailable';
      /** Which term, in words, with the next step. */
      message: string;
    };
