import { AWS_TIMINGS, scaleTimings, type Timings } from '../ec2/timings.ts';

/** How fast everything runs: 1 is life size; 20 makes a second last 50 ms. */
export type Speed = number;

const PROTOCOL_MS: Readonly<Record<string, number>> = {
  WORKSPACE_AWS_SWEEP_INTERVAL_MS: 10_000,
  WORKSPACE_AWS_LOOKUP_INTERVAL_MS: 2_000,
  WORKSPACE_AWS_STATUS_INTERVAL_MS: 30_000,
  WORKSPACE_AWS_RESOLVE_INTERVAL_MS: 300_000,
  WORKSPACE_AWS_CAPACITY_RETRY_MS: 180_000,
  WORKSPACE_AWS_TIMEOUT_MS: 15_000,
  WORKSPACE_CONTROLLER_CLASS_STATUS_INTERVAL_MS: 5_000,
  WORKSPACE_CONTROLLER_EVIDENCE_POLL_INTERVAL_MS: 1_000,
  WORKSPACE_ORPHANS_INTERVAL_MS: 60_000,
  WORKSPACE_ORPHANS_GRACE_MS: 600_000,
  WORKSPACE_GATEWAY_BEAT_INTERVAL_MS: 1_000,
  WORKSPACE_GATEWAY_FLUSH_INTERVAL_MS: 200,
  WORKSPACE_TIMING_LATE_MS: 120_000,
  WORKSPACE_TIMING_VISIBILITY_MS: 300_000,
  WORKSPACE_TIMING_REPAIR_BACKOFF_MIN_MS: 30_000,
  WORKSPACE_TIMING_REPAIR_BACKOFF_MAX_MS: 900_000,
  WORKSPACE_TIMING_REPLAY_BACKOFF_MIN_MS: 1_000,
  WORKSPACE_TIMING_REPLAY_BACKOFF_MAX_MS: 30_000,
  WORKSPACE_TIMING_TERMINATE_RETRY_MS: 15_000,
  WORKSPACE_TIMING_REPLAY_MAX_AGE_MS: 3_600_000,
  WORKSPACE_TIMING_SECOND_MS: 1_000,
};

/** Least interval, ms: below it a busy machine, not the protocol, would be measured. */
const LEAST_MS = 20;

/** The operator's intervals at that speed, as its environment. */
export function scaledEnvironment(speed: Speed): Record<string, string> {
  if (speed === 1) return {};
  return Object.fromEntries(
    Object.entries(PROTOCOL_MS).map(([name, ms]) => [
      name,
      String(Math.max(LEAST_MS, Math.round(ms / speed))),
    ]),
  );
}

export function scaledCloud(speed: Speed): Timings {
  return scaleTimings(AWS_TIMINGS, 1 / speed);
}
