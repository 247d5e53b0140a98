import { own } from '../base/own.ts';
import { namesOf } from '../base/table.ts';

interface AspectTraits {
  /** For docs/troubleshooting.md. */
  means: string;
}

type Aspect = Readonly<Record<string, AspectTraits>>;

/** Troubles that EC2 reports of an instance that may still serve; each is emitted once, as an event of the same name. */
const TROUBLE = {
  Impaired: { means: 'It runs, but a status check of EC2 fails. It stays while it sends heartbeats.' },
  Interrupted: {
    means:
      'The agent found EC2’s notice that it takes this Spot instance back; the message says when. It serves until then, and is replaced once it has ended.',
  },
} as const satisfies Aspect;

const InstanceReady = {
  NoInstance: { means: 'There is no instance.' },
  Pending: { means: 'EC2 starts it.' },
  Running: { means: 'It runs. False while it is another launch’s.' },
  Stopping: { means: 'EC2 stops it.' },
  Stopped: { means: 'It is stopped; its disk stays.' },
  ShuttingDown: { means: 'EC2 ends it.' },
  Terminated: { means: 'It has ended.' },
  Unknown: { means: 'EC2 does not show it just now. From that alone nothing follows.' },
  ...TROUBLE,
} as const satisfies Aspect;

const HeartbeatHealthy = {
  Heartbeating: { means: 'The present launch sends heartbeats.' },
  NoHeartbeat: { means: 'The present launch has not sent one yet.' },
  HeartbeatLost: { means: 'It sent heartbeats and fell silent.' },
  NoEvidence: { means: 'Heartbeats can’t be judged just now.' },
} as const satisfies Aspect;

const SecretsSynced = {
  Synced: { means: 'The instance holds the environment as it is.' },
  Outdated: { means: 'The instance holds an older environment.' },
  NotServed: { means: 'The instance has not fetched its environment.' },
  SecretMissing: { means: 'A Secret that is not `optional` does not exist.' },
  SecretRefused: { means: 'A Secret holds a credential of the cluster, which never reaches an instance.' },
  EnvironmentTooLarge: { means: 'The merged environment is larger than the setting allows.' },
  Unread: { means: 'The operator has not read the Secrets yet.' },
  KeyLost: {
    means: 'The key of the digest is gone, so the digest can’t be compared ([keys](keys.md)).',
  },
} as const satisfies Aspect;

const EarlierInstance = {
  None: { means: 'No earlier Workspace of this name left an instance that lives.' },
  Lives: { means: 'One lives; see "EarlierInstance is True" below.' },
} as const satisfies Aspect;

const TagsMissing = {
  None: { means: 'The instance has the tags that it was launched with again.' },
  Missing: {
    means:
      'Somebody took tags of the operator from the instance, or changed them; the message names them. It stays, as it is known by its id. IAM policies that ask for the cluster’s tag then refuse to end it: put them back.',
  },
} as const satisfies Aspect;

const Reconciling = {
  Settled: { means: 'All is as it should be. Otherwise the reason is Ready’s or UpToDate’s.' },
} as const satisfies Aspect;

const Stalled = {
  Progressing: { means: 'No person is needed. Otherwise the reason is Ready’s or UpToDate’s.' },
} as const satisfies Aspect;

/** Reasons of a Workspace's conditions besides Ready and UpToDate, by condition. */
const ASPECTS = {
  InstanceReady,
  HeartbeatHealthy,
  SecretsSynced,
  EarlierInstance,
  TagsMissing,
  Reconciling,
  Stalled,
};

export type AspectType = keyof typeof ASPECTS;
/** Types of a Workspace's conditions. */
export type ConditionType = 'Ready' | 'UpToDate' | AspectType;
export type TroubleReason = keyof typeof TROUBLE;
export type AspectReason<Type extends AspectType> = keyof (typeof ASPECTS)[Type] & string;

export const ASPECT_TYPES = namesOf(ASPECTS);

export function aspectReasons(type: AspectType): Readonly<Record<string, AspectTraits>> {
  return ASPECTS[type];
}

export function isTrouble(reason: string): reason is TroubleReason {
  return Object.hasOwn(TROUBLE, reason);
}

/** EC2's own words for the state of an instance, and Unknown while it does not show it. */
const STATES: Readonly<Record<string, AspectReason<'InstanceReady'>>> = {
  pending: 'Pending',
  running: 'Running',
  stopping: 'Stopping',
  stopped: 'Stopped',
  'shutting-down': 'ShuttingDown',
  terminated: 'Terminated',
};

export function stateReason(state: string): AspectReason<'InstanceReady'> {
  return own(STATES, state) ?? 'Unknown';
}
