import type { Clock, Timer } from '../../controller/lib/clock.ts';
import { type MonoReading, msBetween, plus } from '../../controller/lib/time.ts';
import type { InstanceState } from '../calls/port.ts';
import { LOOKUP_BATCH } from './sweep.ts';

/** Least pause between two of these look-ups, ms: however much is asked for, it takes a tenth of EC2's bucket. */
const PAUSE_MS = 500;

/** One instance to be looked up once. */
export interface Asked {
  id: string;
  /** The state that the event named. */
  expected: InstanceState | undefined;
}

export interface SoonLookUps {
  /** Once, at the earliest this many ms from now. A second request for the same instance before then shares the answer. */
  ask(asked: Asked, inMs: number): void;
  /** Forgets what was asked for; resolves when no look-up is under way any more. */
  stop(): Promise<void>;
}

/** Look-ups that are asked for by id: each id once, 200 a call, two calls a second at most. One that fails is not repeated. */
export function createSoonLookUps(
  clock: Clock,
  lookUp: (asked: readonly Asked[]) => Promise<void>,
): SoonLookUps {
  const waiting = new Map<string, Asked & { dueAt: MonoReading }>();
  let timer: Timer | undefined;
  let wakesAt: MonoReading | undefined;
  let running: Promise<void> | undefined;

  function arm(at: MonoReading): void {
    if (running || (wakesAt !== undefined && wakesAt <= at)) return;
    timer?.cancel();
    wakesAt = at;
    timer = clock.setTimeout(begin, Math.max(0, msBetween(clock.monotonic(), at)));
  }

  function begin(): void {
    wakesAt = undefined;
    const now = clock.monotonic();
    const due = [...waiting].filter(([, { dueAt }]) => dueAt <= now).slice(0, LOOKUP_BATCH);
    for (const [key] of due) waiting.delete(key);
    running = (due.length > 0 ? lookUp(due.map(([, asked]) => asked)) : Promise.resolve()).finally(() => {
      running = undefined;
      const next = Math.min(...[...waiting.values()].map(({ dueAt }) => dueAt));
      if (waiting.size > 0) arm(plus(clock.monotonic(), Math.max(PAUSE_MS, next - clock.monotonic())));
    });
  }

  return {
    ask({ id, expected }, inMs) {
      // A notice of what is to come must not be answered by a look-up before that.
      const key = expected === undefined ? `${id} ${inMs}` : id;
      const known = waiting.get(key);
      const dueAt = known?.dueAt ?? plus(clock.monotonic(), inMs);
      waiting.set(key, { id, expected, dueAt });
      arm(dueAt);
    },
    async stop() {
      timer?.cancel();
      wakesAt = undefined;
      waiting.clear();
      await running;
    },
  };
}
