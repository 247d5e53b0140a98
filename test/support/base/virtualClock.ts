import type { Clock, Timer } from '../../../src/controller/lib/clock.ts';
import type { MonoReading, WallReading } from '../../../src/controller/lib/time.ts';

export interface VirtualClock extends Clock {
  /** Runs every timer due within the next `ms` milliseconds, in order, settling promises before and after each. */
  advance(ms: number): Promise<void>;
  /** The same up to a monotonic instant; an instant in the past only settles promises. */
  advanceTo(instant: number): Promise<void>;
  /** Lets everything that waits for promises, or for another turn of the event loop, run at the present instant. */
  settle(): Promise<void>;
  /** Moves the wall clock only, as NTP or a person does. */
  jumpWall(ms: number): void;
  /** How many timers are pending. */
  pending(): number;
  /** When the next timer is due on the monotonic clock. */
  nextAt(): number | undefined;
}

export interface VirtualClockOptions {
  /** Wall time at the start, ms since the epoch. Default 2026-01-01T00:00:00Z. */
  now?: number;
  /** Monotonic time at the start, ms. Default 0. */
  monotonic?: number;
  /** Timers and turns in all, beyond which the test ends. Default: no limit. */
  mostEvents?: number;
}

interface Entry {
  at: number;
  order: number;
  fn: () => void;
}

const LEAST_WAIT_MS = 0.001;

/** More than any test has due at one instant: what goes on asks again and again without a pause. */
const MOST_AT_ONCE = 100_000;

/** Time that passes only when a test says so. Timers due at the same instant fire in the order they were set. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  let monotonic = options.monotonic ?? 0;
  let wallOffset = (options.now ?? 1_767_225_600_000) - monotonic;
  let order = 0;
  const timers = new Set<Entry>();
  const turns: (() => void)[] = [];

  const { mostEvents = Number.POSITIVE_INFINITY } = options;
  let events = 0;
  let atOnce = { instant: monotonic, times: 0 };
  function count(): void {
    events += 1;
    if (events > mostEvents)
      throw new Error(`${events} timers and turns by ${monotonic} ms: more than the limit of virtual events`);
    if (atOnce.instant !== monotonic) atOnce = { instant: monotonic, times: 0 };
    atOnce.times += 1;
    if (atOnce.times > MOST_AT_ONCE)
      throw new Error(
        `time stands still at ${monotonic} ms: ${MOST_AT_ONCE} timers were due at once; something asks again without a pause`,
      );
  }

  /** The microtask queue is drained before an immediate runs, however long its chains of promises are. */
  async function settle(): Promise<void> {
    await nextImmediate();
    for (let turn = turns.shift(); turn; turn = turns.shift()) {
      count();
      turn();
      await nextImmediate();
    }
  }

  function next(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of timers) {
      if (!first || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
        first = entry;
    }
    return first;
  }

  async function advanceTo(instant: number): Promise<void> {
    await settle();
    for (let entry = next(); entry && entry.at <= instant; entry = next()) {
      timers.delete(entry);
      monotonic = Math.max(monotonic, entry.at);
      count();
      entry.fn();
      await settle();
    }
    monotonic = Math.max(monotonic, instant);
  }

  return {
    now: () => (monotonic + wallOffset) as WallReading,
    monotonic: () => monotonic as MonoReading,
    setTimeout(fn: () => void, ms: number): Timer {
      // A wait too short for a number to distinguish from none would be due again at the same instant, for ever.
      const wait = ms > 0 ? Math.max(ms, LEAST_WAIT_MS) : 0;
      const entry = { at: monotonic + wait, order: order++, fn };
      timers.add(entry);
      return { cancel: () => void timers.delete(entry) };
    },
    nextTurn: (fn) => void turns.push(fn),
    advance: (ms) => advanceTo(monotonic + ms),
    advanceTo,
    settle,
    jumpWall(ms) {
      wallOffset += ms;
    },
    pending: () => timers.size,
    nextAt: () => next()?.at,
  };
}

function nextImmediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
