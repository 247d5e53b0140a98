import type { Logger } from 'pino';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { latest, type MonoMs, type MonoReading, msBetween, plus } from '../../controller/lib/time.ts';
import { isEc2Failure } from '../calls/errors.ts';
import type { Ec2Metrics } from '../calls/metrics.ts';
import type {
  CloudView,
  Ec2Calls,
  Ec2Failure,
  InstanceState,
  ObservedInstance,
  Sweep,
  SweepWish,
} from '../calls/port.ts';
import { isSameWay } from '../calls/ways.ts';
import { type Changes, createInventory } from './inventory.ts';
import { createRepeater } from './repeater.ts';
import { createRest, type RestGiven } from './rest.ts';
import { type Asked, createSoonLookUps } from './soonLookUps.ts';
import { LOOKUP_BATCH, lookUpInstances, readImpaired, sweepInstances } from './sweep.ts';

/** The last reading of status checks expires once this many later readings have failed. */
const STATUS_STALE_READINGS = 3;

/** Look-ups that may fail in a row, as intervals, before what they said earlier is no part of the same absence. */
const MOST_MISSED = 15;

/** Waits for a sweep, beside Workspaces, when EC2 could not be asked or did not show what an event reported. */
const UNSEEN = '';

export interface ObserverOptions {
  calls: Pick<Ec2Calls, 'describeInstances' | 'describeInstanceStatus'>;
  clusterID: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Ec2Metrics;
  /** Pause between sweeps. Default 10,000 ms. */
  sweepIntervalMs?: number;
  /** Pause between sweeps that rest; see `rest`. Default 60,000 ms. */
  restIntervalMs?: number;
  /** Where events report changes: sweeps rest while they are trusted and no reader waits for one. Without it they never rest. */
  rest?: RestGiven & { found(id: string, from: InstanceState, to: InstanceState): void };
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
  /** Whether any reading has shown this id or lacked it, or a Workspace follows it. */
  knows(id: string): boolean;
  /**
   * Looks one instance up once, at the earliest this many ms from now. Where EC2 shows another state than the expected one, sweeps
   * don't rest for a while.
   */
  lookUpSoon(id: string, inMs: number, expected?: InstanceState): void;
  /** What `rest` says may have changed. */
  restChanged(): void;
  /** Whether the present pause is a rest. */
  isResting(): boolean;
  /** Since when a sweep is due: the begin of the last one, or the end of the rest after it; undefined before the first. */
  dueSince(): MonoMs | undefined;
}

/** One observer of the cloud for everyone: its cost grows with the number of instances / 1,000, never with reconciles. */
export function createObserver(options: ObserverOptions): Observer {
  const { calls, clusterID, clock, random, logger, metrics, onChange } = options;
  const { sweepIntervalMs = 10_000, restIntervalMs = 60_000, lookupIntervalMs = 2_000 } = options;
  const { statusIntervalMs = 30_000 } = options;
  const { maxBackoffMs = 60_000, forgetAfterMs = 3_600_000 } = options;
  const followedBy = new Map<string, readonly string[]>();
  const followersOf = new Map<string, Set<string>>();
  const inventory = createInventory(
    (id) => followersOf.get(id) ?? [],
    MOST_MISSED * lookupIntervalMs,
    options.rest?.found,
  );
  let swept: Sweep | undefined;
  let healthySince: MonoReading | undefined;
  let lastError: ObserverHealth['lastError'];
  let isStopped = false;
  const rest = createRest(clock, options.rest);
  let resting = false;
  let restedUntil: MonoReading | undefined;
  let startedAt: MonoReading | undefined;

  // Before its first sweep a term's age counts, so that an EC2 that is away from the beginning shows as well.
  metrics.watchSweepAge(() => {
    const since = swept?.begunAt ?? startedAt;
    return since && msBetween(since, clock.monotonic());
  });

  const sweeper = createRepeater({
    clock,
    pauseMs(failures) {
      setResting(failures === 0 && rest.isAllowed());
      return resting ? Math.max(restIntervalMs, sweepIntervalMs) : backoff(sweepIntervalMs)(failures);
    },
    async task() {
      const begunAt = clock.monotonic();
      setResting(false);
      try {
        const items = await sweepInstances(calls, clusterID, inventory.held);
        const endedAt = clock.monotonic();
        metrics.sweep('ok', endedAt - begunAt);
        swept = { begunAt, endedAt };
        healthySince ??= endedAt;
        rest.swept(begunAt);
        publish(inventory.applySweep(items, begunAt, idsToLookUp()));
        publish(inventory.forget(plus(begunAt, -forgetAfterMs)));
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
        publish(inventory.applyLookup(batch, await lookUpInstances(calls, batch), begunAt));
      }
    },
    onError: lookUpFailed,
  });

  const soon = createSoonLookUps(clock, async (asked) => {
    const ids = [...new Set(asked.map(({ id }) => id))];
    const begunAt = clock.monotonic();
    try {
      publish(inventory.applyLookup(ids, await lookUpInstances(calls, ids), begunAt));
    } catch (error) {
      lookUpFailed(error);
      return;
    }
    const isUnseen = ({ id, expected }: Asked) => {
      const shown = inventory.get(id)?.state;
      return expected !== undefined && (shown === undefined || !isSameWay(shown, expected));
    };
    if (asked.some(isUnseen)) wishSweep(UNSEEN, { from: clock.monotonic() });
  });

  function lookUpFailed(error: unknown): void {
    logger.warn({ err: error }, 'look-up of EC2 instances failed; what was known stays');
    wishSweep(UNSEEN, { from: clock.monotonic() });
  }

  let statusFailures = 0;
  const statusReader = createRepeater({
    clock,
    pauseMs: backoff(statusIntervalMs),
    async task() {
      const begunAt = clock.monotonic();
      publish(inventory.applyImpaired(await readImpaired(calls), begunAt));
      statusFailures = 0;
    },
    onError(error) {
      statusFailures += 1;
      wishSweep(UNSEEN, { from: clock.monotonic() });
      logger.warn({ err: error }, 'reading of EC2 status checks failed; instances are judged without them');
      if (statusFailures >= STATUS_STALE_READINGS)
        publish(inventory.applyImpaired(undefined, clock.monotonic()));
    },
  });

  function backoff(intervalMs: number): (failures: number) => number {
    return (failures) => {
      if (failures === 0) return intervalMs;
      const ceiling = Math.max(intervalMs, Math.min(maxBackoffMs, intervalMs * 2 ** Math.min(failures, 16)));
      return ceiling * (0.5 + random.next() / 2);
    };
  }

  function setResting(now: boolean): void {
    if (resting && !now) restedUntil = clock.monotonic();
    resting = now;
  }

  function wishSweep(reader: string, wish: SweepWish | undefined): void {
    if (rest.wish(reader, wish) && resting) sweeper.paused();
  }

  /** Followed instances that can still change. */
  function idsToLookUp(): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const id of followersOf.keys()) {
      if (inventory.get(id)?.state !== 'terminated') ids.add(id);
    }
    return ids;
  }

  function publish(changes: Changes): void {
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
      await Promise.all([sweeper.stop(), lookup.stop(), soon.stop(), statusReader.stop()]);
      rest.clear();
      setResting(false);
      restedUntil = undefined;
      const changes = inventory.clear();
      followedBy.clear();
      followersOf.clear();
      swept = undefined;
      startedAt = undefined;
      healthySince = undefined;
      statusFailures = 0;
      publish(changes);
    },
    sweepNow: sweeper.runNow,
    lastSweep: () => swept,
    ofWorkspace: inventory.ofWorkspace,
    get: inventory.get,
    notFound: inventory.notFound,
    all: inventory.all,
    health: () => ({ healthySince, lastError }),
    knows: (id) => inventory.has(id) || followersOf.has(id),
    lookUpSoon(id, inMs, expected) {
      if (!isStopped) soon.ask({ id, expected }, inMs);
    },
    restChanged() {
      if (resting) sweeper.paused();
    },
    isResting: () => resting,
    dueSince() {
      if (resting) return clock.monotonic();
      return swept && latest(swept.begunAt, restedUntil);
    },
    note(instance) {
      // An answer that comes after the term would be in the next term's view, however old it is by then.
      if (!isStopped) publish(inventory.note(instance, clock.monotonic()));
    },
    follow(uid, ids, wish) {
      // A pass that outlives its term must not follow into the next.
      if (isStopped) return;
      wishSweep(uid, wish);
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
