import { own } from '../base/own.ts';
import { AGENT_REASONS } from './agentReasons.ts';
import type { ClassWideTraits, ReadyTraits, ReasonTraits } from './reasonTraits.ts';
import { ROLL_OUT } from './rollOutReasons.ts';

/** Refuses launches of the whole class, which says so in its condition Launchable; the worst first. */
const CLASS_WIDE = {
  QuotaExceeded: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    classAdvice: 'have AWS raise the quota, or end what is not needed',
    means: 'A quota keeps each offering of the class; the message has AWS’s codes. It is asked for again.',
    todo: 'Have AWS raise the quota, end instances that aren’t needed, or list types of another bucket of families, or another capacity type, in the class.',
  },
  CapacityUnavailable: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    classAdvice: 'more instance types or subnets in the class would help',
    means:
      'EC2 has no capacity for any type of the class in any of its zones. It is asked again automatically.',
    todo: 'Add instance types or subnets in other zones to the class.',
  },
  ClassLimitReached: {
    standing: 'held',
    wouldLaunch: true,
    whileDown: 'Dead',
    classAdvice: 'raise maxInstances or maxInstancesPerNamespace, or delete what is not needed',
    means:
      'The class has as many instances as it, or its namespace, may have. The Workspace is launched as soon as there is room; those created first go first.',
    todo: 'Delete a Workspace of the class, or raise `maxInstances` or `maxInstancesPerNamespace`. Stopped instances take up room too, unless the class says `stopBehavior: Terminate`.',
  },
} as const satisfies Record<string, ClassWideTraits>;

const READY = {
  Ready: {
    standing: 'normal',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means: 'The present launch’s instance is `running` and sends heartbeats.',
    todo: 'Nothing.',
  },
  ...AGENT_REASONS,
  Launching: {
    standing: 'normal',
    wouldLaunch: true,
    whileDown: 'Restarting',
    means:
      'A launch is prepared or sent, or its instance is `pending`. "Asking EC2 … until the answer is definite" means that an answer was lost or ambiguous; the same request is repeated.',
    todo: 'Wait until the deadline in the message. If a class’s terms can’t be resolved because EC2 does not answer, look for `ec2.failed` in the log.',
  },
  LaunchQueued: {
    standing: 'normal',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'A launch, or the start of a stopped instance, waits for its turn: EC2 limits such requests per second for the whole account and region, and namespaces take turns. Of a change: the present instance serves until that turn is near. The message and `status.turn` have the place in line and about when its turn is, as they were when the wait began.',
    todo: 'Wait. If many wait for long, have AWS raise the account’s request quota, and set `--aws-request-rate-percent`.',
  },
  Booting: {
    standing: 'normal',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means: 'The instance is `running`; its first heartbeat is due by the time in the message.',
    todo: 'Wait. If it never comes, see `StartupTimeout`.',
  },
  Restarting: {
    standing: 'normal',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The old instance is ending, or a launch ended and the next follows after a pause. The message names the instance or the time.',
    todo: "Wait. If it repeats, `kubectl get wks NAME -o jsonpath='{.status.history}'` says how the last launches ended.",
  },
  ...CLASS_WIDE,
  ClassNotFound: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    ownersMatter: true,
    means: 'No WorkspaceClass has the name in `spec.className`.',
    todo: 'Create it, or name another.',
  },
  ClassNotAllowed: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    ownersMatter: true,
    means: 'The class does not allow this namespace.',
    todo: 'Have its owner add the namespace to `spec.allowedNamespaces`.',
  },
  SecretMissing: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    ownersMatter: true,
    means: 'A Secret that is not `optional` does not exist in the namespace. A running instance stays.',
    todo: 'Create it, or mark the reference optional.',
  },
  SecretRefused: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    ownersMatter: true,
    means:
      'A Secret of `spec.envFrom` holds a credential of the cluster (a ServiceAccount’s or a bootstrap token), which never reaches an instance. A running instance stays.',
    todo: 'Remove it from `spec.envFrom`, or copy what the agent needs into a Secret of type `Opaque`.',
  },
  EnvironmentTooLarge: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    ownersMatter: true,
    means:
      'The merged environment is larger than `gateway.maxEnvironmentBytes`; the message has both sizes. A running instance stays, but cannot boot again.',
    todo: 'Remove what the agent does not need, or raise the setting.',
  },
  SecretsUnread: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The operator can’t read a Secret that `spec.envFrom` names. It reads again automatically. Meanwhile another Workspace may have the room that this one would take.',
    todo: 'See `facts.unread` in the operator’s log. Check that the API server answers and that the operator may get Secrets in the namespace.',
  },
  SecretsUnstable: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The Secrets change faster than an environment can be served. The startup deadline waits meanwhile, for as long again at most.',
    todo: 'Find what rewrites them: `kubectl get secret NAME -o yaml --show-managed-fields`.',
  },
  InvalidConfiguration: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    means:
      'A type that the class does not offer, terms that resolve to nothing, or a launch that EC2 refuses. The message has the object and AWS’s words. A running instance stays.',
    todo: 'Fix what the message names. The operator tries again when an object changes, and now and then.',
  },
  StartupTimeout: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The instance sent no heartbeat by its deadline; it is replaced at the time in the message. The tail of its console is in the message where EC2 has one.',
    todo: 'See "No first heartbeat" below.',
  },
  StatusLost: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'The recorded status was wiped, is older than an instance of ours (a restored backup), or came with another object, as when a Workspace is restored or copied with its status. Nothing is launched or ended until a complete look at EC2, seven minutes later by default (`T_late` and `T_vis`).',
    todo: 'Wait.',
  },
  CloudUnavailable: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means: 'EC2 could not be asked at all; nothing was sent.',
    todo: 'Check credentials, `AWS_REGION` and the way to EC2; the message has the cause.',
  },
  EvidenceUnavailable: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'A replacement, or the start of a stopped instance, waits because the gateway, or its database, is away: a new instance could not fetch its environment. The present one stays.',
    todo: 'See whether the gateway runs and `DATABASE_URL` answers; the operator goes on automatically.',
  },
  StartBlocked: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Dead',
    means:
      'EC2 refuses to start the stopped instance: no capacity in its zone, a quota, or no right to StartInstances. The message has AWS’s code. EC2 is asked again automatically. An instance that has served is kept, with its disk, however long that takes.',
    todo: 'Do what the code asks for, or wait. To go on without the disk, ask for a restart with `spec.requests.restart`: that makes a new instance.',
  },
  StopBlocked: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'EC2 refuses to stop the instance: stop protection, or no right to StopInstances. It runs on. EC2 is asked again automatically.',
    todo: 'Lift the protection, or fix the operator’s IAM policy.',
  },
  Stopped: {
    standing: 'normal',
    wouldLaunch: true,
    whileDown: 'Restarting',
    means:
      '`spec.operatingMode` is `Stopped`: the instance is stopped or being stopped, or has ended where the class says `stopBehavior: Terminate` and on Spot.',
    todo: 'Set it to `Running`.',
  },
  Paused: {
    standing: 'normal',
    wouldLaunch: true,
    whileDown: 'Dead',
    means: '`spec.paused` is set.',
    todo: 'Unset it.',
  },
  FinalizerBlocked: {
    standing: 'needsPerson',
    wouldLaunch: false,
    whileDown: 'Dead',
    means:
      'The API server, or an admission webhook or policy, refuses to let the operator add its finalizer, without which nothing is launched; or to remove it once all instances are gone, so that a deleted object stays. The message has its words.',
    todo: 'Fix the webhook or policy, or the operator’s role. The operator tries again automatically, at intervals from 30 s to 15 min.',
  },
  Terminating: {
    standing: 'normal',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means: 'The Workspace is being deleted; its instances are not yet proven gone.',
    todo: 'Wait. See "Deletion does not end" below.',
  },
  TerminationBlocked: {
    standing: 'held',
    wouldLaunch: false,
    whileDown: 'Restarting',
    means:
      'EC2 refuses to end an instance: termination protection, or no right to TerminateInstances. As an event: the Workspace was let go by annotation, without proof that its instances are gone.',
    todo: 'Lift the protection, or fix the operator’s IAM policy; EC2 is asked again automatically. After the annotation, end what is left by hand.',
  },
} as const satisfies Record<string, ReadyTraits>;

const UP_TO_DATE = {
  UpToDate: {
    standing: 'normal',
    means: 'The instance holds what is desired.',
    todo: 'Nothing.',
  },
  Deferred: {
    standing: 'normal',
    means:
      'A change counts, but the launch is too young (`rollout.minIntervalSeconds`) or still progressing. The message says when it is carried out at the latest. It is not lost.',
    todo: 'Wait.',
  },
  ...ROLL_OUT,
  RestartBackOff: {
    standing: 'normal',
    means:
      'Restarts were asked for one after the other. The first is carried out at once; those that follow wait, each twice as long as the one before (from 30 s to 15 min, `timing.repairBackoff…`). The message and `status.restarts.next` say until when. One restart then answers all that were asked for.',
    todo: 'Wait, or find what keeps setting `spec.requests.restart`.',
  },
  Updating: {
    standing: 'normal',
    means: 'The change is being carried out.',
    todo: 'Wait.',
  },
} as const satisfies Record<string, ReasonTraits>;

/**
 * Reasons of a Workspace's conditions Ready and UpToDate, and of what blocks it. Rules and documents that tell reasons
 * apart read this table. A stored status may name others, which another release wrote: ask by name.
 */
export const REASONS = { ...READY, ...UP_TO_DATE };
export const READY_REASONS: Readonly<Record<string, ReadyTraits>> = READY;
export const UP_TO_DATE_REASONS: Readonly<Record<string, ReasonTraits>> = UP_TO_DATE;
export const CLASS_WIDE_REASONS: Readonly<Record<ClassWideReason, ClassWideTraits>> = CLASS_WIDE;

export type Reason = keyof typeof REASONS;
export type ReadyReason = keyof typeof READY;
export type ClassWideReason = keyof typeof CLASS_WIDE;
export type RollOutReason = keyof typeof ROLL_OUT;

const BY_NAME: Readonly<Record<string, ReasonTraits>> = REASONS;

/** Undefined for a reason that this release does not know. */
export function standingOf(reason: string): ReasonTraits['standing'] | undefined {
  return own(BY_NAME, reason)?.standing;
}

/** Of a reason of Ready; undefined for one that this release does not know. */
export function readyTraitsOf(reason: string): ReadyTraits | undefined {
  return own(READY_REASONS, reason);
}

export function isReason(reason: string): reason is Reason {
  return Object.hasOwn(REASONS, reason);
}

export function isRollOutReason(reason: string): reason is RollOutReason {
  return Object.hasOwn(ROLL_OUT, reason);
}
