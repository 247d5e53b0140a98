import type { Clock, Timer } from '../../controller/lib/clock.ts';
import { GatewayError } from '../base/errors.ts';
import { type Heartbeat, type HeartbeatStore, launchID, StoreRefused } from '../store/heartbeatStore.ts';

export interface HeartbeatQueueOptions {
  store: Pick<HeartbeatStore, 'recordHeartbeats'>;
  clock: Clock;
  /** How long heartbeats are gathered; ms. */
  flushIntervalMs?: number;
  /** Launches in one statement; a batch this full goes out at once. */
  batchSize?: number;
  /** Launches that may wait; beyond it `overloaded`. */
  capacity?: number;
}

export interface HeartbeatQueue {
  /** Resolves once the heartbeat is stored; rejects with the store's error, or with `overloaded`. */
  submit(heartbeat: Heartbeat): Promise<Outcome>;
  /** The same without a promise, which costs each heartbeat: calls `done` once. `id` is the launch's. */
  add(id: string, heartbeat: Heartbeat, done: Done): void;
  /**
   * False from the moment when the store refuses a batch until some of it is stored: the launches in it may live, so
   * their silence proves nothing until the row that is to blame stands alone.
   */
  records(): boolean;
  /** Stores what waits, and takes no more. */
  stop(): Promise<void>;
}

/** How long a launch whose row was refused is stored alone, ms, so that it costs its neighbours nothing. */
const SUSPECT_MS = 600_000;
const MOST_SUSPECTS = 1_000;

export interface Outcome {
  acknowledged: boolean;
}

/** Gets what became of a heartbeat: an outcome once it is stored, the error otherwise. It must not throw. */
export type Done = (outcome: Outcome | undefined, error?: unknown) => void;

interface Entry {
  id: string;
  heartbeat: Heartbeat;
  done: Done;
  /** The earlier entry that waits for the same launch. */
  before?: Entry | undefined;
}

// There are two of them: one for each heartbeat would be one more thing to keep.
const ACKNOWLEDGED: Outcome = Object.freeze({ acknowledged: true });
const UNACKNOWLEDGED: Outcome = Object.freeze({ acknowledged: false });

/**
 * Gathers heartbeats into batches, one statement in flight at a time: a slow database sees bigger batches, not more of them.
 * Only the newest heartbeat of a launch waits, so the number of launches bounds the queue.
 * A batch that the store refuses for its data is halved until the bad row stands alone and fails alone.
 */
export function createHeartbeatQueue(options: HeartbeatQueueOptions): HeartbeatQueue {
  const { store, clock, flushIntervalMs = 200, batchSize = 500, capacity = 10_000 } = options;
  const waiting = new Map<string, Entry>();
  let timer: Timer | undefined;
  let flushing: Promise<void> | undefined;
  let stopped = false;
  let recording = true;
  /** Until when, monotonic ms, by launch; the longest known first. */
  const suspects = new Map<string, number>();

  function schedule(): void {
    if (flushing || waiting.size === 0) return;
    if (waiting.size >= batchSize || stopped) {
      timer?.cancel();
      timer = undefined;
      flushing = flush();
    } else {
      timer ??= clock.setTimeout(() => {
        timer = undefined;
        flushing ??= flush();
      }, flushIntervalMs);
    }
  }

  async function flush(): Promise<void> {
    const batch = nextBatch();
    for (const { id } of batch) waiting.delete(id);
    try {
      await record(batch);
    } finally {
      flushing = undefined;
      schedule();
    }
  }

  /** One suspect alone, or all others: two suspects in one batch would hide which one is to blame. */
  function nextBatch(): Entry[] {
    const entries = [...waiting.values()];
    const [first] = entries;
    if (first && isSuspect(first)) return [first];
    return entries.filter((entry) => !isSuspect(entry)).slice(0, batchSize);
  }

  async function record(batch: readonly Entry[]): Promise<void> {
    let acknowledged: ReadonlySet<string>;
    try {
      acknowledged = await store.recordHeartbeats(batch.map(({ heartbeat }) => heartbeat));
    } catch (error) {
      if (!(error instanceof StoreRefused)) return reject(batch, error);
      if (batch.length === 1) {
        for (const entry of batch) suspect(entry);
        return reject(batch, new GatewayError('invalid_request', undefined, { cause: error }));
      }
      recording = false;
      const middle = batch.length >> 1;
      await record(batch.slice(0, middle));
      return record(batch.slice(middle));
    }
    recording = true;
    for (const entry of batch) {
      // A heartbeat that was older than the row changed nothing: then its own word is all there is.
      const isAcknowledged = entry.heartbeat.acknowledged || acknowledged.has(entry.id);
      resolve(entry, isAcknowledged ? ACKNOWLEDGED : UNACKNOWLEDGED);
    }
  }

  function reject(batch: readonly Entry[], error: unknown): void {
    for (const entry of batch) {
      for (let waiter: Entry | undefined = entry; waiter; waiter = waiter.before)
        waiter.done(undefined, error);
    }
  }

  function resolve(entry: Entry, outcome: Outcome): void {
    for (let waiter: Entry | undefined = entry; waiter; waiter = waiter.before) waiter.done(outcome);
  }

  function suspect({ id }: Entry): void {
    suspects.delete(id);
    suspects.set(id, clock.monotonic() + SUSPECT_MS);
    const [oldest] = suspects.keys();
    if (suspects.size > MOST_SUSPECTS && oldest !== undefined) suspects.delete(oldest);
  }

  function isSuspect({ id }: Entry): boolean {
    if (suspects.size === 0) return false;
    return (suspects.get(id) ?? Number.NEGATIVE_INFINITY) > clock.monotonic();
  }

  function add(id: string, heartbeat: Heartbeat, done: Done): void {
    const entry = waiting.get(id);
    if (stopped || (!entry && waiting.size >= capacity)) {
      done(undefined, new GatewayError('overloaded'));
      return;
    }
    const newest = entry ? merge(entry.heartbeat, heartbeat) : heartbeat;
    waiting.set(id, { id, heartbeat: newest, done, before: entry });
    schedule();
  }

  return {
    add,
    submit(heartbeat) {
      return new Promise((resolve, reject) => {
        add(launchID(heartbeat), heartbeat, (outcome, error) => (outcome ? resolve(outcome) : reject(error)));
      });
    },
    records: () => recording,
    async stop() {
      stopped = true;
      schedule();
      while (flushing) await flushing;
    },
  };
}

function merge(a: Heartbeat, b: Heartbeat): Heartbeat {
  const newer = b.boot > a.boot || (b.boot === a.boot && b.seq > a.seq) ? b : a;
  return { ...newer, acknowledged: a.acknowledged || b.acknowledged };
}
