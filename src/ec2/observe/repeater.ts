import type { Clock, Timer } from '../../controller/lib/clock.ts';
import { type MonoReading, msBetween } from '../../controller/lib/time.ts';

export interface RepeaterOptions {
  clock: Clock;
  task: () => Promise<void>;
  /** Called for each failed run, before anything waits for the next. */
  onError: (error: unknown) => void;
  /** Pause after a run, in ms, given how many runs in a row have failed. */
  pauseMs: (failures: number) => number;
}

export interface Repeater {
  /** Runs now, and again after each pause. */
  start(): void;
  /** No further runs; resolves when the present one is over. */
  stop(): Promise<void>;
  /** A run that begins now or, while one is under way, right after it; shared by all callers meanwhile. Rejects as the task does. */
  runNow(): Promise<void>;
  /** The pause may have changed: the next run is at its new end, or now where that is past. */
  paused(): void;
}

/** Repeats a task that never overlaps itself. */
export function createRepeater({ clock, task, onError, pauseMs }: RepeaterOptions): Repeater {
  let active = false;
  let failures = 0;
  let timer: Timer | undefined;
  let endedAt: MonoReading | undefined;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function round(): Promise<void> {
    timer?.cancel();
    try {
      await task();
      failures = 0;
    } catch (error) {
      failures += 1;
      onError(error);
      throw error;
    } finally {
      running = undefined;
      endedAt = clock.monotonic();
      if (active) timer = clock.setTimeout(runInBackground, pauseMs(failures));
    }
  }

  function begin(): Promise<void> {
    running = round();
    return running;
  }

  function runNow(): Promise<void> {
    if (!running) return begin();
    const next = () => {
      queued = undefined;
      return begin();
    };
    queued ??= running.then(next, next);
    return queued;
  }

  function runInBackground(): void {
    // onError had the error already.
    runNow().catch(() => undefined);
  }

  return {
    start() {
      if (active) return;
      active = true;
      endedAt = undefined;
      runInBackground();
    },
    async stop() {
      active = false;
      timer?.cancel();
      await Promise.allSettled([running, queued]);
    },
    runNow,
    paused() {
      if (!active || running || endedAt === undefined) return;
      timer?.cancel();
      const left = pauseMs(failures) - msBetween(endedAt, clock.monotonic());
      timer = clock.setTimeout(runInBackground, Math.max(0, left));
    },
  };
}
