import type { Clock, Timer } from '../controller/clock.ts';
import { GatewayError } from './errors.ts';
import { type Heartbeat, type HeartbeatStore, launchID } from './heartbeatStore.ts';

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
  submit(heartbeat: Heartbeat): Promise<{ acknowledged: boolean }>;
  /** Stores what waits, and takes no more. */
  stop(): Promise<void>;
}

interface Entry {
  heartbeat: Heartbeat;
  waiters: { resolve(outcome: { acknowledged: boolean }): void; reject(error: unknown): void }[];
}

/**
 * Gathers heartbeats into batches, one statement in flight at a time: a slow database sees bigger batches, not more of them.
 * Of one launch only the newest waits, so the queue is bounded by launches and not by their zeal.
 */
export function createHeartbeatQueue(options: HeartbeatQueueOptions): HeartbeatQueue {
  const { store, clock, flushIntervalMs = 200, batchSize = 500, capacity = 10_000 } = options;
  const waiting = new Map<string, Entry>();
  let timer: Timer | undefined;
  let flushing: Promise<void> | undefined;
  let stopped = false;

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
    const batch = [...waiting.values()].slice(0, batchSize);
    for (const { heartbeat } of batch) waiting.delete(launchID(heartbeat));
    try {
      const stored = await store.recordHeartbeats(batch.map(({ heartbeat }) => heartbeat));
      for (const { heartbeat, waiters } of batch) {
        // A heartbeat that was older than the row changed nothing: then its own word is all there is.
        const outcome = stored.get(launchID(heartbeat)) ?? { acknowledged: heartbeat.acknowledged };
        for (const waiter of waiters) waiter.resolve(outcome);
      }
    } catch (error) {
      for (const { waiters } of batch) for (const waiter of waiters) waiter.reject(error);
    } finally {
      flushing = undefined;
      schedule();
    }
  }

  return {
    submit(heartbeat) {
      return new Promise((resolve, reject) => {
        const id = launchID(heartbeat);
        const entry = waiting.get(id);
        if (stopped || (!entry && waiting.size >= capacity)) {
          reject(new GatewayError('overloaded'));
          return;
        }
        waiting.set(id, {
          heartbeat: entry ? merge(entry.heartbeat, heartbeat) : heartbeat,
          waiters: [...(entry?.waiters ?? []), { resolve, reject }],
        });
        schedule();
      });
    },
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
