import type { Clock, Timer } from '../lib/clock.ts';
import type { RuntimeMetrics } from '../serve/metrics.ts';
import { createLanes, type Lane } from './lanes.ts';
import { createRateLimiter, type RateLimits } from './rateLimiter.ts';

/** Node fires a longer timeout at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface WorkqueueOptions {
  /** The label of its metrics. */
  name: string;
  clock: Clock;
  metrics: RuntimeMetrics;
  limits?: Partial<RateLimits>;
  /** Asked of a key whenever it is added or comes back into the queue. Default: all are `routine`. */
  laneOf?: (key: string) => Lane;
}

/**
 * client-go's workqueue: a key that is added many times before it is worked on is worked on once; a key that is added
 * while it is worked on is worked on again afterwards, and never by two workers at once.
 */
export interface Workqueue {
  add(key: string): void;
  /** Adds the key in `ms`; of several waits for one key the earliest wins. */
  addAfter(key: string, ms: number): void;
  /** Adds the key after its own exponential backoff and the whole queue's rate limit. */
  addRateLimited(key: string): void;
  /** Ends the key's backoff. */
  forget(key: string): void;
  retries(key: string): number;
  /** The next key, which must be given back with `done`; undefined once `signal` aborts, or when shut down and empty. */
  get(signal?: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
  length(): number;
  /** Takes no more keys, forgets those that wait for a time, and lets the rest be worked on; resolves when none is left. */
  shutDown(): Promise<void>;
}

export function createWorkqueue(options: WorkqueueOptions): Workqueue {
  const { name, clock, metrics, limits = {}, laneOf = () => 'routine' } = options;
  const labels = { name, controller: name };
  const adds = metrics.queueAdds.labels(labels);
  metrics.queueRetries.inc(labels, 0);
  const queueDuration = metrics.queueDuration.labels(labels);
  const workDuration = metrics.workDuration.labels(labels);
  const limiter = createRateLimiter(limits);
  /** Every one of them is dirty and none is being worked on. */
  const queue = createLanes();
  const dirty = new Map<string, number>();
  const processing = new Map<string, number>();
  const waiting = new Map<string, { at: number; timer: Timer }>();
  const getters: (() => void)[] = [];
  const drained: (() => void)[] = [];
  let shuttingDown = false;

  const untrack = metrics.trackQueue(name, () => {
    const ages = [...processing.values()].map((since) => seconds(since));
    return {
      depth: queue.size,
      unfinishedSeconds: ages.reduce((sum, age) => sum + age, 0),
      longestRunningSeconds: Math.max(0, ...ages),
    };
  });

  const seconds = (since: number) => (clock.monotonic() - since) / 1000;

  function push(key: string): void {
    queue.push(key, laneOf(key));
    getters.shift()?.();
  }

  function add(key: string): void {
    if (shuttingDown) return;
    if (dirty.has(key)) {
      // Its work may be more urgent by now.
      if (!processing.has(key)) queue.push(key, laneOf(key));
      return;
    }
    adds.inc();
    dirty.set(key, clock.monotonic());
    if (!processing.has(key)) push(key);
  }

  function addAfter(key: string, ms: number): void {
    if (shuttingDown) return;
    if (!(ms > 0)) {
      add(key);
      return;
    }
    const at = clock.monotonic() + ms;
    const earlier = waiting.get(key);
    if (earlier && earlier.at <= at) return;
    earlier?.timer.cancel();
    const timer = clock.setTimeout(
      () => {
        waiting.delete(key);
        add(key);
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    waiting.set(key, { at, timer });
  }

  function take(): string | undefined {
    const key = queue.take();
    if (key === undefined) return undefined;
    queueDuration.observe(seconds(dirty.get(key) ?? clock.monotonic()));
    dirty.delete(key);
    processing.set(key, clock.monotonic());
    return key;
  }

  function settleShutdown(): void {
    if (!shuttingDown || queue.size > 0 || processing.size > 0) return;
    untrack();
    for (const resolve of drained.splice(0)) resolve();
  }

  return {
    add,
    addAfter,
    addRateLimited(key) {
      if (shuttingDown) return;
      metrics.queueRetries.inc(labels);
      addAfter(key, limiter.next(key, clock.monotonic()));
    },
    forget: limiter.forget,
    retries: limiter.failures,
    async get(signal) {
      while (!signal?.aborted) {
        const key = take();
        if (key !== undefined || shuttingDown) return key;
        await new Promise<void>((resolve) => {
          const wake = () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          };
          const abort = () => {
            const place = getters.indexOf(wake);
            if (place >= 0) getters.splice(place, 1);
            resolve();
          };
          signal?.addEventListener('abort', abort, { once: true });
          getters.push(wake);
        });
      }
      // Woken for a key and aborted at once: another may take it.
      if (queue.size > 0) getters.shift()?.();
      return undefined;
    },
    done(key) {
      const since = processing.get(key);
      if (since === undefined) throw new RangeError(`workqueue ${name}: "${key}" is not being worked on`);
      workDuration.observe(seconds(since));
      processing.delete(key);
      if (dirty.has(key)) push(key);
      settleShutdown();
    },
    length: () => queue.size,
    shutDown() {
      shuttingDown = true;
      for (const { timer } of waiting.values()) timer.cancel();
      waiting.clear();
      for (const wake of getters.splice(0)) wake();
      return new Promise((resolve) => {
        drained.push(resolve);
        settleShutdown();
      });
    },
  };
}
