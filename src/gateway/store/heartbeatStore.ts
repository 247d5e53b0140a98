import type { AgentTrouble, Interruption, LaunchEvidence } from './evidence.ts';

/** One heartbeat as the gateway accepted it. */
export interface Heartbeat {
  uid: string;
  number: number;
  boot: number;
  seq: number;
  /** Digest of the environment that the agent holds. */
  env: string;
  url?: string;
  activeTasks?: number;
  /** Version of the agent. */
  agent?: string;
  /** Silence after which the launch counts as lost, in ms; its class's. Without it the one it had, or a class's default. */
  timeoutMs?: number;
  /** Whether the agent has taken in why it was restarted. */
  acknowledged: boolean;
  /** EC2's notice that it ends the instance, as long as the agent finds it. */
  interruption?: Interruption;
  /** The trouble that keeps the agent from its work. */
  trouble?: AgentTrouble;
  /** SHA-256 of the CA bundle that it checks the gateway with, in hex. */
  ca?: string;
}

export interface LaunchKey {
  uid: string;
  number: number;
}

/** A row as the store keeps it. */
export interface LaunchRecord extends LaunchEvidence {
  acknowledged: boolean;
  /** Grows with each transition of this row, and with nothing else; opaque. */
  version: string;
}

/** Rows that changed, and where to go on. */
export interface Transitions {
  rows: readonly LaunchRecord[];
  /** Opaque; give it to the next call. */
  cursor: string;
  /** Whether a gateway is recorded as up; while none is, silence proves nothing. */
  gatewayUp: boolean;
  /** For how long gateways have been recorded as up without a gap, ms; 0 while none is. */
  gatewayUpMs: number;
}

/**
 * The record of launches that the gateway writes and the controller reads; the port that tests and the simulator replace.
 * All times are the store's own clock. Every method rejects with a StoreUnavailable when there was no answer,
 * and with a StoreRefused when the store refuses the data.
 *
 * A transition is: environment served, first heartbeat, another boot, environment, URL, notice of an interruption or trouble,
 * falling silent, coming back, a report that was forwarded. A heartbeat that changes none of these is no transition.
 */
export interface HeartbeatStore {
  /**
   * At most one a launch in a batch. One whose (boot, seq) is not newer than the row's changes nothing. Resolves with the
   * launches that were changed and whose agent has taken in why it was restarted, now or before.
   */
  recordHeartbeats(batch: readonly Heartbeat[]): Promise<ReadonlySet<string>>;
  /** The environment with this digest is about to be handed to the launch. */
  recordServed(launch: LaunchKey, env: string): Promise<void>;
  /** Counts an "it looks dead"; only a forwarded one is a transition. */
  recordReport(launch: LaunchKey, outcome: 'forwarded' | 'dropped'): Promise<void>;
  /** Records a trouble that a launch reports outside of its heartbeats; the next heartbeat clears it. */
  recordTrouble(launch: LaunchKey, trouble: AgentTrouble): Promise<void>;
  /** How many launches that are heard hold each CA bundle, by its digest. */
  countBundles(): Promise<ReadonlyMap<string, number>>;
  find(launch: LaunchKey): Promise<LaunchRecord | undefined>;
  /** Every row, and the cursor from which transitions go on. */
  readAll(): Promise<Transitions>;
  /** Transitions since the cursor and a little before it: a row may come twice, and is never left out. */
  transitions(cursor: string): Promise<Transitions>;
  /**
   * Marks launches whose heartbeats stayed away for their timeout, counted only while a gateway was up.
   * Their rows come with the next transitions. Resolves with how many there were.
   */
  markSilent(): Promise<number>;
  /** A gateway is up and can record; to be called about once a second. */
  gatewayUp(): Promise<void>;
  /** Forgets launches that were neither served nor heard for `olderThanMs`. Resolves with their number. */
  prune(olderThanMs: number): Promise<number>;
}

/** The store did not answer; nothing is known of what it did. The message holds no values. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/**
 * The store answered, and refused what it was given for its data; trying again changes nothing. Of a batch nothing was
 * stored. The message holds no values.
 */
export class StoreRefused extends Error {
  override name = 'StoreRefused';
}

/** The key under which recordHeartbeats answers. */
export function launchID(launch: LaunchKey): string {
  return `${launch.uid}/${launch.number}`;
}
