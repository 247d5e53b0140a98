import type { Refusal } from '../../../../api/reasons/refusals.ts';
import type { MonoMs, WallMs } from '../../../../controller/lib/time.ts';

/** The result of the last send of the present launch. */
export interface LaunchAnswer {
  number: number;
  /** When it was sent, or tried to. */
  sentAt: MonoMs;
  /** Whether it was the one send of the pass that armed the launch. */
  firstSend: boolean;
  /** The later of taking the lease, this process's start, and the send before this one. */
  quietSince: MonoMs;
  result:
    | { kind: 'accepted' }
    | { kind: 'refused'; class: Refusal; code: string; message: string }
    | { kind: 'throttled' }
    | { kind: 'mismatch' }
    | { kind: 'ambiguous'; code: string }
    | { kind: 'notSent'; message: string };
}

/** A dry run's verdict on a candidate. */
export interface ValidationFact {
  fingerprint: string;
  verdict:
    | { ok: true }
    | { ok: false; class: Exclude<Refusal, 'capacity'> | 'retry'; code: string; message: string };
  /** When it must be asked again. */
  expiresAt: MonoMs;
}

/** A difference between the desired state on record and the present objects; see debounce.ts. */
export interface PendingChange {
  /** The digests on record that it differs from. */
  recorded: { env: string; machine: string };
  env: string;
  machine: string;
  /** Since when it has stood still. */
  since: MonoMs;
  /** Since when there has been a difference at all. */
  burstSince: MonoMs;
  /** Names of what changed, as far as this process saw it. */
  changed: readonly string[];
  /** All of these are variables of spec.env: no Secret’s is among them. */
  plain?: boolean;
}

/** The names that differ between two environments. */
export type ChangedNames = Pick<PendingChange, 'changed' | 'plain'>;

/** When the launch with this deadline must have been heard, as this process's monotonic clock has it; see deadline.ts. */
export interface DeadlineFact {
  number: number;
  deadline: string;
  at: MonoMs;
}

/** When the present launch ended, by this process's monotonic clock; see deadline.ts. */
export interface EndFact {
  number: number;
  stamp: string;
  at: MonoMs;
}

/** The present launch, which heartbeat before, is not heard; see silence.ts. */
export interface SilenceFact {
  number: number;
  /** Since when this process has known that it is not heard, by both clocks. */
  since: MonoMs;
  at: WallMs;
  /** Its last heartbeat then, by the database's clock. */
  heardAt?: WallMs;
}

/** The API server refused to have the finalizer added or removed: how many times in a row, and when last. */
export interface FinalizerRefusal {
  kind: 'AddFinalizer' | 'RemoveFinalizer';
  count: number;
  at: MonoMs;
  /** HTTP status, reason and the API server's words. */
  said: string;
}

/** This process's memory of a Workspace; all of it may be lost at any moment. */
export interface ProcessFact {
  /** Random id of this process's present lease term. */
  epoch: string;
  /** The later of taking the lease and this process's start. */
  termAt: MonoMs;
  /** Whether this process has itself written this Workspace's status in this term. */
  wrote: boolean;
  /** Since when the status has looked wiped or rolled back. */
  suspectSince?: MonoMs;
  /** Sends of the present launch's number by this process. */
  sends?: { count: number; lastAt: MonoMs };
  answer?: LaunchAnswer;
  change?: PendingChange;
  silence?: SilenceFact;
  deadline?: DeadlineFact;
  ended?: EndFact;
  validations: readonly ValidationFact[];
  /** When TerminateInstances was last sent for an instance, by id. */
  terminateSentAt: Readonly<Record<string, MonoMs>>;
  /** AWS's error code when the last TerminateInstances for an instance was refused, by id; '' where the call named several and EC2 did not say which it refused. */
  terminateRefusals?: Readonly<Record<string, string>>;
  finalizerRefusal?: FinalizerRefusal | undefined;
  /** When Stop- or StartInstances was last sent, by `<action> <id>`. */
  powerSentAt: Readonly<Record<string, MonoMs>>;
  /** The last definite answer to it: see power.ts. */
  powerAnswers?: Readonly<Record<string, string>>;
  /** Tail of the console output by instance id, free of secrets; '' when EC2 has none. */
  console: Readonly<Record<string, string>>;
}
