import type { Logger } from 'pino';
import { type Clock, sleep } from '../../controller/lib/clock.ts';
import type { HeartbeatStore } from '../store/heartbeatStore.ts';

const PRUNE_INTERVAL_MS = 3_600_000;

export interface LivenessOptions {
  store: Pick<HeartbeatStore, 'gatewayUp' | 'prune'>;
  clock: Clock;
  logger: Logger;
  beatIntervalMs: number;
  pruneAfterMs: number;
  /** Whether heartbeats that arrive are recorded; without it the gateway does not count as up. */
  records?(): boolean;
}

/**
 * Records once a beat that this gateway is up and can record, so that silence counts; and now and then
 * forgets old launches. It logs a store that is away once, and once more when it is back. Returns a function to stop.
 */
export function keepRecorded(options: LivenessOptions): { stop(): Promise<void> } {
  const { store, clock, logger, beatIntervalMs, pruneAfterMs, records = () => true } = options;
  const stopping = new AbortController();
  let away = false;
  let prunedAt = clock.monotonic();

  async function beat(): Promise<void> {
    try {
      if (records()) await store.gatewayUp();
      if (clock.monotonic() - prunedAt >= PRUNE_INTERVAL_MS) {
        prunedAt = clock.monotonic();
        const launches = await store.prune(pruneAfterMs);
        if (launches > 0) logger.info({ launches }, 'old launches forgotten');
      }
      if (away) logger.info('the store is back');
      away = false;
    } catch (error) {
      if (!away)
        logger.warn({ cause: error instanceof Error ? error.message : 'unknown' }, 'the store is away');
      away = true;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await beat();
      await sleep(clock, beatIntervalMs, stopping.signal);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
