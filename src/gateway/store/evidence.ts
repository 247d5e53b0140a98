import type { MonoMs, WallReading } from '../../controller/lib/time.ts';

/** EC2's notice to a Spot instance that it takes it back. */
export interface Interruption {
  action: 'terminate' | 'stop' | 'hibernate';
  /** When, in EC2's own word. */
  at: WallReading;
}

/** Troubles that keep an agent from its work; each is a reason of the condition Ready. GatewayDistrusted: it can't heartbeat. */
export const AGENT_TROUBLES = ['CommandFailing', 'GatewayDistrusted'] as const;
export type AgentTrouble = (typeof AGENT_TROUBLES)[number];

/** The gateway's row of one launch. Times are of the database's wall clock. */
export interface LaunchEvidence {
  uid: string;
  number: number;
  /** Counter on the instance's disk; grows by one with each boot. */
  boot?: number;
  /** Grows with each heartbeat of a boot. */
  seq?: number;
  /** Digest of the environment that the agent reports; before its first heartbeat the one that it was served. */
  env?: string;
  url?: string;
  interruption?: Interruption;
  trouble?: AgentTrouble;
  firstHeartbeatAt?: WallReading;
  lastHeartbeatAt?: WallReading;
  /** Whether the last heartbeat is younger than the timeout of its class. */
  fresh: boolean;
  /** "It looks dead" reports, ever. */
  reports: number;
}

/** Heartbeat evidence as the controller sees it: polled once a second from the database, never by a reconcile. */
export interface EvidenceView {
  /** Whether the evidence can be judged: the database answered within the last few polls. */
  available(): boolean;
  /** The missing part while the evidence can't be judged: a database that answers, or a gateway that it records as up. */
  missing(): 'Database' | 'Gateway' | undefined;
  /** Since when it can be judged without a break; undefined while it can't. */
  availableSince(): MonoMs | undefined;
  /** All known launches of a Workspace. */
  ofWorkspace(uid: string): readonly LaunchEvidence[];
}
