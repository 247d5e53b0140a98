import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../../src/controller/lib/clock.ts';

export const LOOK_EVERY_MS = 50;
/** Of one question. */
export const LIMIT_MS = 2_000;

/** What looks at something again and again. */
export interface Watcher<Seen> {
  end(): Promise<void>;
  /** What it saw; asked once it ended. */
  seen(): Seen | Promise<Seen>;
}

type Seen<W> = { [K in keyof W]: W[K] extends Watcher<infer S> ? S : never };

/** What watchers that run see until a change is over. They end with it, also where it fails. */
export async function watched<W extends Record<string, Watcher<unknown>>>(
  watchers: W,
  change: () => Promise<unknown>,
): Promise<Seen<W>> {
  const all = Object.entries(watchers);
  try {
    await change();
  } finally {
    await Promise.all(all.map(([, { end }]) => end()));
  }
  const seen = all.map(async ([name, watcher]) => [name, await watcher.seen()] as const);
  return Object.fromEntries(await Promise.all(seen)) as Seen<W>;
}

/** Looks, again and again, one after the other; one that fails is no look. Answers with what ends it. */
export function repeat(look: () => Promise<void>, everyMs = LOOK_EVERY_MS): () => Promise<void> {
  let isOver = false;
  const ended = (async () => {
    while (!isOver) {
      await look().catch(() => undefined);
      await wait(everyMs);
    }
  })();
  return () => {
    isOver = true;
    return ended;
  };
}

/**
 * Sees the longest time between two moments at which it was well, ms.
 * @param isWell started every 50 ms, also while an earlier one still runs; an answer of false, or an error, is a gap
 */
export function watch(isWell: () => Promise<boolean>): Watcher<number> {
  let longest = 0;
  let wellAt = systemClock.monotonic();
  const asked = new Set<Promise<void>>();

  async function ask(): Promise<void> {
    const askedAt = systemClock.monotonic();
    if (!(await isWell().catch(() => false))) return;
    // It was well at some time after it was asked.
    longest = Math.max(longest, askedAt - wellAt);
    if (askedAt > wellAt) wellAt = askedAt;
  }

  const end = repeat(async () => {
    const one = ask().finally(() => asked.delete(one));
    asked.add(one);
  });
  return {
    async end() {
      await end();
      const overAt = systemClock.monotonic();
      await Promise.all(asked);
      longest = Math.max(longest, overAt - wellAt);
    },
    seen: () => longest,
  };
}
