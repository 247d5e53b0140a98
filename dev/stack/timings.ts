import { AWS_TIMINGS, scaleTimings, type Timings } from '../ec2/base/timings.ts';

/** How fast everything runs: 1 is life size; 20 makes a second last 50 ms. */
export type Speed = number;

const ANSWER_MS = 15_000;
const PROTOCOL_MS = {
  WORKSPACE_AWS_SWEEP_INTERVAL_MS: 10_000,
  WORKSPACE_AWS_LOOKUP_INTERVAL_MS: 2_000,
  WORKSPACE_AWS_STATUS_INTERVAL_MS: 30_000,
  WORKSPACE_AWS_RESOLVE_INTERVAL_MS: 300_000,
  WORKSPACE_AWS_CAPACITY_RETRY_MS: 180_000,
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
} as const;

/** Least interval, ms: below it a busy machine, not the protocol, would be measured. */
const LEAST_MS = 20;
/** Least limit of an answer, ms, for the same reason: where calls are given up that are only slow, nothing ever gets on. */
const LEAST_ANSWER_MS = 5_000;
/** The part of T_late after which a call is given up at the latest, so that what it asked for lands before. */
const MOST_OF_LATE = 0.85;

/** The operator's intervals at that speed, as its environment. */
export function scaledEnvironment(speed: Speed): Record<string, string> {
  if (speed === 1) return {};
  const scaled = (ms: number) => Math.max(LEAST_MS, Math.round(ms / speed));
  const answerMs = Math.min(
    Math.max(LEAST_ANSWER_MS, scaled(ANSWER_MS)),
    Math.round(MOST_OF_LATE * scaled(PROTOCOL_MS.WORKSPACE_TIMING_LATE_MS)),
  );
  const intervals = Object.entries(PROTOCOL_MS).map(([name, ms]) => [name, String(scaled(ms))]);
  return { ...Object.fromEntries(intervals), WORKSPACE_AWS_TIMEOUT_MS: String(answerMs) };
}

export function scaledCloud(speed: Speed): Timings {
  return scaleTimings(AWS_TIMINGS, 1 / speed);
}
