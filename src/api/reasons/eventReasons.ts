import { own } from '../base/own.ts';
import type { CauseKind, EndKind } from './causes.ts';
import type { ClassEventReason } from './classReasons.ts';
import type { TroubleReason } from './conditionReasons.ts';
import { type Reason, standingOf } from './reasons.ts';

export type EventType = 'Normal' | 'Warning';

interface EventTraits {
  type: EventType;
  /** For docs/metrics-and-events.md. */
  when: string;
}

/** A change that counts has an event under the cause's own name; Created and the ends show in Ready's reason. */
const CHANGE_EVENTS = {
  SecretChanged: {
    type: 'Normal',
    when: 'A change of Secrets counts. The message has the generation and the names (`SECRET/KEY`) of what changed, never values.',
  },
  EnvChanged: { type: 'Normal', when: 'A change of `spec.env` alone counts; the same.' },
  SpecChanged: { type: 'Normal', when: 'The Workspace asks for another machine, which counts.' },
  ClassChanged: {
    type: 'Normal',
    when: 'The class asks for another machine, which counts for the Workspace.',
  },
  Restart: { type: 'Normal', when: 'The restart that a person asked for begins.' },
} as const satisfies Readonly<Record<Exclude<CauseKind, 'Created' | EndKind>, EventTraits>>;

/** Events about a Workspace besides those for a change of Ready's reason, or for a blocker of a change. */
export const WORKSPACE_EVENTS = {
  ...CHANGE_EVENTS,
  Deferred: {
    type: 'Normal',
    when: 'A change counts, but the present launch is too young or still progressing. The message says when it is carried out at the latest.',
  },
  Provisioned: {
    type: 'Normal',
    when: 'A launch has its instance. The message has the launch’s number, what it is for, and the instance’s id.',
  },
  Terminated: {
    type: 'Normal',
    when: 'That instance is proven gone, or its end is on record; the message has the launch’s outcome.',
  },
  LedgerViolated: {
    type: 'Warning',
    when: 'EC2 or the record shows that one change had more than one provision; the message says how. `workspace_ledger_violations_total` counts it.',
  },
  TerminationBlocked: {
    type: 'Warning',
    when: 'EC2 refuses to end an instance (termination protection, or no right to TerminateInstances); or the Workspace was let go by annotation, without proof that its instances are gone.',
  },
  KeyLost: {
    type: 'Warning',
    when: 'The key of the recorded digest is gone; the operator takes the content for unchanged ([keys](keys.md)).',
  },
  NotOurs: {
    type: 'Warning',
    when: 'The status names an instance that no launch of this Workspace made, as EC2 says by its client token. It is left alone; somebody else writes statuses.',
  },
  TagsMissing: {
    type: 'Warning',
    when: 'Somebody took tags of the operator from the instance, or changed them; the message names them. It stays.',
  },
  EarlierInstance: {
    type: 'Warning',
    when: 'An instance lives that an earlier Workspace of this name launched: the object was moved or restored.',
  },
  CapacityFallback: {
    type: 'Warning',
    when: 'It was launched with another capacity type than the class prefers, as EC2 refused that one; On-Demand costs more than Spot. The message has EC2’s code.',
  },
  Impaired: {
    type: 'Warning',
    when: 'EC2 says that the instance runs, but a status check fails. It stays while it sends heartbeats.',
  },
  Interrupted: {
    type: 'Warning',
    when: 'The agent found EC2’s notice that it takes this Spot instance back; the message says when. It serves until then, and is replaced once it has ended.',
  },
} as const satisfies Readonly<Record<string, EventTraits>> & Readonly<Record<TroubleReason, EventTraits>>;

export type WorkspaceEventReason = Reason | keyof typeof WORKSPACE_EVENTS;

/** Whether a change of this kind is an event when it counts. */
export function isChangeEvent(cause: CauseKind): cause is keyof typeof CHANGE_EVENTS {
  return Object.hasOwn(CHANGE_EVENTS, cause);
}

const BESIDES: Readonly<Record<string, EventTraits>> = WORKSPACE_EVENTS;

export function eventTypeOf(reason: WorkspaceEventReason): EventType {
  const usual = standingOf(reason) === 'normal' ? 'Normal' : 'Warning';
  return own(BESIDES, reason)?.type ?? usual;
}

interface OperatorEventTraits extends EventTraits {
  about: 'Lease' | 'Secret';
}

/** Events in the operator's own namespace, about its Lease or the Secret of its keys. */
export const OPERATOR_EVENTS = {
  OrphanFound: {
    about: 'Lease',
    type: 'Warning',
    when: 'A live instance with this cluster’s tag belongs to no Workspace. The message says what its tags name, and what becomes of it.',
  },
  OrphanEnded: {
    about: 'Lease',
    type: 'Normal',
    when: 'It was terminated: `--orphans-policy` is `Terminate`, and nothing spoke for it.',
  },
  FileLoaded: {
    about: 'Lease',
    type: 'Normal',
    when: 'A file that a setting names (certificate and key, CA bundle, EC2’s identity certificates) changed and is used.',
  },
  FileRefused: {
    about: 'Lease',
    type: 'Warning',
    when: 'Such a file changed and can’t be used; the one before it stays in use. The message says why.',
  },
  LaunchesDistrust: {
    about: 'Lease',
    type: 'Warning',
    when: 'The gateway shows a certificate that the CA bundles of some launches do not stand; the message has their number.',
  },
  EventsDistrusted: {
    about: 'Lease',
    type: 'Warning',
    when: 'The queue of EC2’s events did not report a change, holds what can’t be read, or can’t be reached. EC2 is swept at the normal interval until it reports again. The message says which.',
  },
  KeysRotated: { about: 'Secret', type: 'Normal', when: 'New keys are current.' },
  KeysRestored: {
    about: 'Secret',
    type: 'Warning',
    when: 'Entries that had gone from the Secret were put back.',
  },
} as const satisfies Readonly<Record<string, OperatorEventTraits>>;

export type OperatorEventReason = keyof typeof OPERATOR_EVENTS;

export type EventReason = WorkspaceEventReason | ClassEventReason | OperatorEventReason;
