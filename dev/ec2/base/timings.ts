import type { Random } from '../../../src/controller/lib/random.ts';

/** Least and most, in ms; each use draws evenly between them. */
export type Range = readonly [min: number, max: number];

/** How long things take in this cloud, all in ms. */
export interface Timings {
  /** Launch or start to `running`. */
  pending: Range;
  /** `shutting-down` to `terminated`. */
  shuttingDown: Range;
  /** `stopping` to `stopped`. */
  stopping: Range;
  /** How long a new instance can't be seen in Describe answers. */
  visibilityLag: Range;
  /** How old the state in a Describe answer is. */
  readLag: Range;
  /** How long a request takes before it is carried out. */
  latency: Range;
  /** How long after a start status checks say `initializing`. */
  statusChecks: number;
  /** How long before its end a Spot instance gets its interruption notice. */
  interruptionNotice: number;
  /** How long `terminated` stays visible; AWS says about an hour. */
  terminatedVisible: number;
  /** How long past its instance's end a token stays bound; AWS says at least 24 hours. */
  tokenRetention: number;
}

export const AWS_TIMINGS: Timings = Object.freeze<Timings>({
  pending: [20_000, 30_000],
  shuttingDown: [5_000, 15_000],
  stopping: [5_000, 15_000],
  visibilityLag: [0, 2_000],
  readLag: [0, 500],
  latency: [0, 0],
  statusChecks: 120_000,
  interruptionNotice: 120_000,
  terminatedVisible: 3_600_000,
  tokenRetention: 86_400_000,
});

/** All waits times `factor`; what an hour of tests must not outlive (visibility of the terminated, tokens) stays. */
export function scaleTimings(timings: Timings, factor: number): Timings {
  const scale = ([min, max]: Range): Range => [min * factor, max * factor];
  return {
    ...timings,
    pending: scale(timings.pending),
    shuttingDown: scale(timings.shuttingDown),
    stopping: scale(timings.stopping),
    visibilityLag: scale(timings.visibilityLag),
    readLag: scale(timings.readLag),
    latency: scale(timings.latency),
    statusChecks: timings.statusChecks * factor,
    interruptionNotice: timings.interruptionNotice * factor,
  };
}

export function draw(random: Random, [min, max]: Range): number {
  return min === max ? min : min + random.next() * (max - min);
}
