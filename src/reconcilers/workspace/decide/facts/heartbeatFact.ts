import type { WallMs } from '../../../../controller/lib/time.ts';

export interface HeartbeatFact {
  number: number;
  /** Counter on the instance's disk; grows with each boot. */
  boot?: number;
  /** Digest of the environment that the instance holds, or was served. */
  env?: string;
  /** Whether it ever sent a heartbeat. */
  alive: boolean;
  /** Whether the last one is younger than the class's timeout. */
  fresh: boolean;
  lastHeartbeatAt?: WallMs;
  /** EC2's notice that it takes this Spot instance back, as its agent reported it. */
  interruption?: { action: 'terminate' | 'stop' | 'hibernate'; at: WallMs };
  /** The trouble that keeps the agent from its work, as the agent reports it. */
  trouble?: 'CommandFailing' | 'GatewayDistrusted';
}
