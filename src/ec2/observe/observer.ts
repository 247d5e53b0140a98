import type { Logger } from 'pino';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { type MonoReading, msBetween, plus } from '../../controller/lib/time.ts';
import { isEc2Failure } from '../calls/errors.ts';
import type { Ec2Metrics } from '../calls/metrics.ts';
import type { CloudView, Ec2Calls, Ec2Failure, ObservedInstance, Sweep } from '../calls/port.ts';
import { type Changes, createInventory } from './inventory.ts';
import { createRepeater } from './repeater.ts';
import { LOOKUP_BATCH, lookUpInstances, readImpaired, sweepInstances } from './sweep.ts';

/** The last reading of status checks expires once this many later readings have failed. */
const STATUS_STALE_READINGS = 3;

/** Look-ups that may fail in a row, as intervals, before what they said earlier is no part of the same absence. */
const MOST_MISSED = 15;

export interface ObserverOptions {
  calls: Pick<Ec2Calls, 'describeInstances' | 'describeInstanceStatus'>;
  clusterID: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Ec2Metrics;
  /** Pause between sweeps. Default 10,000 ms. */
  sweepIntervalMs?: number;
  /** Pause between look-ups of what is followed. Default 2,000 ms. */
  lookupIntervalMs?: number;
  /** Pause between readings of failing status checks. Default 30,000 ms; EC2 makes them once a minute. */
  statusIntervalMs?: number;
  /** Longest pause while EC2 answers with errors. Default 60,000 ms. */
  maxBackoffMs?: number;
  /** How long an absent instance without a follower is remembered. Default 3,600,000 ms. */
  forgetAfterMs?: number;
  /** The picture of a Workspace changed; once a Workspace and read. */
  onChange: (uid: string) => void;
  /** A sweep is complete. */
  onSweep?: () => void;
}

/** Whether the sweep works. */
export interface ObserverHealth {
  /** End of the first of the sweeps that have succeeded without a failure since; undefined while they fail, or before the first. */
  healthySince: MonoReading | undefined;
  /** The last failure ever, kept after recovery. */
  lastError: { at: MonoReading; failure: Ec2Failure } | undefined;
}

export interface Observer extends CloudView {
  start(): void;
  /**
   * Resolves when nothing is under way any more. The observer then knows nothing: another process leads from here on, and the
   * next term of this one reads everything itself.
   */
  stop(): Promise<void>;
  /** Resolves after a whole sweep that began at or after the call; rejects with its Ec2Failure. */
  sweepNow(): Promise<void>;
  /** Every instance of the cluster that is known. */
  all(): readonly ObservedInstance[];
  health(): ObserverHealth;
}

/** One observer of the cloud for everyone: its cost grows with the number of instances / 1,000, never with reconciles. */
export function createObserver(options: ObserverOptions): Observer {
  const { calls, clusterID, clock, random, logger, metrics, onChange } = options;
  const { sweepIntervalMs = 10_000, lookupIntervalMs = 2_000 } = options;
  const { statusIntervalMs = 30_000 } = options;
  const { maxBackoffMs = 60_000, forgetAfterMs = 3_600_000 } = options;
  const followedBy = new Map<string, readonly string[]>();
  const followersOf = new Map<string, Set<string>>();
  const inventory = createInventory((id) => followersOf.get(id) ?? [], MOST_MISSED * lookupIntervalMs);
  let swept: Sweep | undefined;
  let healthySince: MonoReading | undefined;
  let lastError: ObserverHealth['lastError'];
  let isStopped = false;
  let startedAt: MonoReading | undefined;

  // Before its first sweep a term's age counts, so that an EC2 that is away from the beginning shows as well.
  metrics.watchSweepAge(() => {
    const since = swept?.begunAt ?? startedAt;
    return since && msBetween(since, clock.monotonic());
  });

  const sweeper = createRepeater({
    clock,
    pauseMs: backoff(sweepIntervalMs),
    async task() {
      const begunAt = clock.monotonic();
      try {
        const items = await sweepInstances(calls, clusterID, inventory.held);
        const endedAt = clock.monotonic();
        metrics.sweep('ok', endedAt - begunAt);
        swept = { begunAt, endedAt };
        healthySince ??= endedAt;
        tell(inventory.applySweep(items, begunAt, idsToLookUp()));
        tell(inventory.forget(plus(begunAt, -forgetAfterMs)));
      } catch (error) {
        metrics.sweep('failed', clock.monotonic() - begunAt);
        throw error;
      }
      options.onSweep?.();
    },
    onError(error) {
      healthySince = undefined;
      if (isEc2Failure(error)) lastError = { at: clock.monotonic(), failure: error };
      logger.warn({ err: error }, 'sweep of EC2 instances failed; the view before it stays');
    },
  });

  const lookup = createRepeater({
    clock,
    pauseMs: backoff(lookupIntervalMs),
    async task() {
      const ids = [...idsToLookUp()];
      for (let from = 0; from < ids.length; from += LOOKUP_BATCH) {
        const batch = ids.slice(from, from + LOOKUP_BATCH);
        const begunAt = clock.monotonic();
        tell(inventory.applyLookup(batch, await lookUpInstances(calls, batch), begunAt));
      }
    },
    onError: (error) => logger.warn({ err: error }, 'look-up of EC2 instances failed; what was known stays'),
  });

  let statusFailures = 0;
  const statusReader = createRepeater({
    clock,
    pauseMs: backoff(statusIntervalMs),
    async task() {
      const begunAt = clock.monotonic();
      tell(inventory.applyImpaired(await readImpaired(calls), begunAt));
      statusFailures = 0;
    },
    onError(error) {
      statusFailures += 1;
      logger.warn({ err: error }, 'reading of EC2 status checks failed; instances are judged without them');
      if (statusFailures >= STATUS_STALE_READINGS)
        tell(inventory.applyImpaired(undefined, clock.monotonic()));
    },
  });

  function backoff(intervalMs: number): (failures: number) => number {
    return (failures) => {
      if (failures === 0) return intervalMs;
      const ceiling = Math.max(intervalMs, Math.min(maxBackoffMs, intervalMs * 2 ** Math.min(failures, 16)));
      return ceiling * (0.5 + random.next() / 2);
    };
  }

  /** Followed instances that can still change. */
  function idsToLookUp(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const id of followersOf.keys()) {
      if (inventory.get(id)?.state !== 'terminated') ids.add(id);
    }
    return ids;
  }

  function tell(changes: Changes): void {
    for (const uid of changes) onChange(uid);
  }

  return {
    start() {
      isStopped = false;
      startedAt = clock.monotonic();
      sweeper.start();
      lookup.start();
      statusReader.start();
    },
    async stop() {
      isStopped = true;
      await Promise.all([sweeper.stop(), lookup.stop(), statusReader.stop()]);
      const changes = inventory.clear();
      followedBy.clear();
      followersOf.clear();
      swept = undefined;
      startedAt = undefined;
      healthySince = undefined;
      statusFailures = 0;
      tell(changes);
    },
    sweepNow: sweeper.runNow,
    lastSweep: () => swept,
    ofWorkspace: inventory.ofWorkspace,
    get: inventory.get,
    notFound: inventory.notFound,
    all: inventory.all,
    health: () => ({ healthySince, lastError }),
    note(instance) {
      // An answer that comes after the term would be in the next term's view, however old it is by then.
      if (!isStopped) tell(inventory.note(instance, clock.monotonic()));
    },
    follow(uid, ids) {
      // A pass that outlives its term must not follow into the next.
      if (isStopped) return;
      for (const id of followedBy.get(uid) ?? []) {
        const followers = followersOf.get(id);
        followers?.delete(uid);
        if (followers?.size === 0) followersOf.delete(id);
      }
      if (ids.length === 0) followedBy.delete(uid);
      else followedBy.set(uid, [...ids]);
      for (const id of ids) followersOf.set(id, (followersOf.get(id) ?? new Set()).add(uid));
    },
  };
}
