import { own } from '../base/own.ts';
import { namesOf } from '../base/table.ts';
import { CLASS_WIDE_REASONS, type ClassWideReason } from './reasons.ts';

/** Events about a WorkspaceClass: each reports the change of a condition to a reason, and names its object. */
export const CLASS_EVENTS = {
  Resolved: 'Normal',
  InvalidConfiguration: 'Warning',
  Launchable: 'Normal',
  QuotaExceeded: 'Warning',
  CapacityUnavailable: 'Warning',
  ClassLimitReached: 'Warning',
  RolloutComplete: 'Normal',
  RollingOut: 'Normal',
  RolloutHalted: 'Warning',
  EvidenceAvailable: 'Normal',
  DatabaseUnavailable: 'Warning',
  GatewayUnavailable: 'Warning',
  MassSilence: 'Warning',
  CloudAvailable: 'Normal',
  CloudUnavailable: 'Warning',
} as const;

export type ClassEventReason = keyof typeof CLASS_EVENTS;

interface ClassTraits {
  /** Whether the class is not Ready for it: a person must act, or nothing new comes up. */
  grave: boolean;
  /** The event that reports the change to it. */
  event: ClassEventReason;
  /** For docs/troubleshooting.md: what it means, and what a person does. */
  means: string;
  todo: string;
}

type Aspect = Readonly<Record<string, ClassTraits>>;

const CloudUnavailable = {
  grave: true,
  event: 'CloudUnavailable',
  means: 'EC2 does not answer, or has not shown its instances for five sweeps.',
  todo: 'See the log’s failed sweeps and `ec2.failed`, credentials, `AWS_REGION` and the way to EC2.',
} as const satisfies ClassTraits;

const Resolved = {
  Resolved: {
    grave: false,
    event: 'Resolved',
    means: 'Images, subnets and security groups are there.',
    todo: 'Nothing.',
  },
  InvalidConfiguration: {
    grave: true,
    event: 'InvalidConfiguration',
    means: 'EC2 has nothing that the class’s terms name; the message says which.',
    todo: 'Fix the term that the message names.',
  },
  CloudUnavailable,
} as const satisfies Aspect;

const refused = (reason: ClassWideReason, grave: boolean) => ({
  grave,
  event: reason,
  means: CLASS_WIDE_REASONS[reason].means,
  todo: CLASS_WIDE_REASONS[reason].todo,
});

const Launchable = {
  Launchable: {
    grave: false,
    event: 'Launchable',
    means: 'No launch is refused.',
    todo: 'Nothing.',
  },
  QuotaExceeded: refused('QuotaExceeded', true),
  CapacityUnavailable: refused('CapacityUnavailable', false),
  ClassLimitReached: refused('ClassLimitReached', false),
} as const satisfies Aspect & Record<ClassWideReason, ClassTraits>;

const RolloutComplete = {
  Complete: {
    grave: false,
    event: 'RolloutComplete',
    means: 'No change waits to reach a running instance.',
    todo: 'Nothing.',
  },
  RollingOut: {
    grave: false,
    event: 'RollingOut',
    means: 'Changes are on their way to running instances; the message has the numbers.',
    todo: 'Wait.',
  },
  RolloutHalted: {
    grave: true,
    event: 'RolloutHalted',
    means:
      'Replacements for a change failed again and again, or EC2 refuses to launch what was given up for one; the message names it.',
    todo: 'See "A roll-out is halted" below.',
  },
} as const satisfies Aspect;

const EvidenceAvailable = {
  Available: {
    grave: false,
    event: 'EvidenceAvailable',
    means: 'Heartbeats are read, and a gateway takes them.',
    todo: 'Nothing.',
  },
  DatabaseUnavailable: {
    grave: false,
    event: 'DatabaseUnavailable',
    means: 'The database of heartbeats does not answer.',
    todo: 'See whether Postgres runs, and `DATABASE_URL`. The operator goes on automatically; rows that are lost come back with the next heartbeats.',
  },
  GatewayUnavailable: {
    grave: false,
    event: 'GatewayUnavailable',
    means: 'No gateway is on record as up.',
    todo: 'See whether one runs and reaches the database.',
  },
  MassSilence: {
    grave: false,
    event: 'MassSilence',
    means: 'More than max(2, 20 %) of the class fell silent within one heartbeat timeout.',
    todo: 'Look at what they share: the gateway’s address and certificate, a route, a zone, an image. If they are dead indeed, restart some (`spec.requests.restart`); once few enough are silent, repair goes on.',
  },
} as const satisfies Aspect;

const CloudAvailable = {
  Available: {
    grave: false,
    event: 'CloudAvailable',
    means: 'EC2 shows its instances.',
    todo: 'Nothing.',
  },
  CloudUnavailable,
} as const satisfies Aspect;

/** Reasons of a WorkspaceClass's conditions, by condition. Ready is True, or what the first grave one says. */
const CLASS_ASPECTS = { Resolved, Launchable, RolloutComplete, EvidenceAvailable, CloudAvailable };

export type ClassAspect = keyof typeof CLASS_ASPECTS;
export type ClassReason<Type extends ClassAspect> = keyof (typeof CLASS_ASPECTS)[Type] & string;
/** Evidence that can be missing for judging a class's Workspaces; label `reason` of workspace_class_evidence_missing. */
export type MissingEvidence = Exclude<
  ClassReason<'EvidenceAvailable'> | ClassReason<'CloudAvailable'>,
  'Available'
>;

export const CLASS_ASPECT_TYPES = namesOf(CLASS_ASPECTS);

export function classReasons(type: ClassAspect): Aspect {
  return CLASS_ASPECTS[type];
}

/** Undefined for a reason that this release does not know. */
export function classTraitsOf(type: ClassAspect, reason: string): ClassTraits | undefined {
  return own(classReasons(type), reason);
}
