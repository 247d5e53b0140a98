import { type Clock, sleep } from '../controller/lib/clock.ts';

/**
 * Waits for the stop, at most `limitMs`: a database or an API server that vanished may never let a connection go, and a
 * process that waits for it would have to be killed. Work that is unfinished by then stays as after a crash.
 * Returns whether it ended in time.
 */
export async function stopWithin(clock: Clock, limitMs: number, stop: () => Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const limit = sleep(clock, limitMs, over.signal).then(() => false);
  const inTime = await Promise.race([stop().then(() => true), limit]);
  over.abort();
  return inTime;
}
