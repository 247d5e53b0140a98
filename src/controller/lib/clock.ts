import type { MonoReading, WallReading } from './time.ts';

/** A pending timer; cancelling one that fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The operator's only source of time. A test or the simulator passes its own.
 * Wall time is for stamps that people and other processes read; everything that safety rests on uses `monotonic`.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  now(): WallReading;
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonic(): MonoReading;
  /** Runs `fn` once, `ms` (≥ 0) milliseconds from now. */
  setTimeout(fn: () => void, ms: number): Timer;
  /** Runs `fn` once in a later turn of the event loop, after the I/O and the timers that are due by then. */
  nextTurn(fn: () => void): void;
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now() as WallReading,
  monotonic: () => performance.now() as MonoReading,
  setTimeout(fn: () => void, ms: number): Timer {
    const handle = setTimeout(fn, ms);
    return { cancel: () => clearTimeout(handle) };
  },
  nextTurn: (fn: () => void) => void setImmediate(fn),
});

/** Resolves after `ms`, or at once when `signal` aborts: callers look at the signal, not at an exception. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
