import type { Launch, LaunchParams, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import type { Reason } from '../../../../api/reasons/reasons.ts';
import type { MonoMs } from '../../../../controller/lib/time.ts';
import type { Facts, Now } from './facts.ts';

/** Readonly down to the last field. */
export type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

export type FrozenLaunch = Frozen<Launch>;

/** Why nothing moves: the reason and message that Ready (or UpToDate) will show. */
export interface Blocker {
  reason: Reason;
  message: string;
}

/**
 * A read-only decision in the making, for judgements and conditions. Every draft is a view; no view is a draft,
 * so nothing that only judges can schedule a wake-up, block, ask for an effect or change the status.
 */
export interface View {
  readonly facts: Facts;
  readonly now: Readonly<Now>;
  readonly status: Frozen<WorkspaceStatus>;
  readonly blocker?: Readonly<Blocker>;
}

/** A call that changes something outside the process; at most one a decision, after the status was accepted. */
export type Effect =
  | { kind: 'AddFinalizer' }
  | { kind: 'RemoveFinalizer' }
  /** `armed`: this very pass armed the launch, so that this is its first send. */
  | { kind: 'RunInstances'; number: number; armed: boolean }
  | { kind: 'DryRun'; params: LaunchParams; fingerprint: string }
  | { kind: 'TerminateInstances'; ids: readonly string[] }
  | { kind: 'StopInstances' | 'StartInstances'; ids: readonly string[] }
  | { kind: 'ReadConsole'; instanceID: string };

/** A place in line at one of EC2's request buckets; see ec2/turnQueue.ts. */
export interface TurnAsk {
  bucket: 'RunInstances' | 'StartInstances';
  lane: 'again' | 'first';
  /** `send`: the effect goes out now. `open`: the instance is given up now, and its successor asks to be sent later. */
  errand: 'send' | 'open';
  /** Sorts within the namespace; without it by when it asked. */
  order?: string | undefined;
  /** It could use its turn now. */
  ready: boolean;
}

/** The sweep that a decision waits for: one begun at that moment or later; or each of them, at the normal interval, for as long as it waits. */
export type SweepWish = { readonly from: MonoMs } | 'each';

/** Why a judgement is not yes. It changes nothing; a phase heeds it (`heed` in decision.ts). */
export interface Wait {
  readonly blocker?: Blocker;
  /** For how many ms this holds while nothing else happens; without it, until something does. */
  readonly forMs?: number;
  /** A sweep that must come before. */
  readonly sweep?: SweepWish;
  /** A turn at EC2 that it takes. */
  readonly ask?: TurnAsk;
  /** The effect that must come first. */
  readonly effect?: Effect;
  /** The class's terms must be looked up first. */
  readonly needsResolution?: boolean;
  /** EC2 refuses all that it could ask for; once it accepts any of that, look again. */
  readonly awaitsOffering?: boolean;
  /** The change that is deferred, and until when. */
  readonly deferred?: WorkspaceStatus['deferred'];
  /** When the restart that was asked for is carried out. */
  readonly restartAt?: string;
  /** The change that waits for others of the class. */
  readonly turn?: WorkspaceStatus['turn'];
}

/** A value, or what it waits for. */
export interface Answer<T> extends Wait {
  readonly value?: T;
}
