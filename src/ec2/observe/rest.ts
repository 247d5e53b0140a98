import type { Clock } from '../../controller/lib/clock.ts';
import { type MonoMs, type MonoReading, msBetween } from '../../controller/lib/time.ts';
import type { SweepWish } from '../calls/port.ts';

/** How long no reader may have waited for a sweep before sweeps rest, ms: what EC2 shows late is then found as fast as without a queue. */
const CALM_MS = 60_000;

/** What sweeps rest by, beside their readers. */
export interface RestGiven {
  /** Whether events report changes meanwhile. */
  isTrusted(): boolean;
}

/** Who waits for a sweep, and whether sweeps may rest. */
export interface Rest {
  /** The sweep that this reader waits for from now on. @returns whether it is news */
  wish(reader: string, wish: SweepWish | undefined): boolean;
  /** A whole sweep was begun then, and is complete. */
  swept(begunAt: MonoMs): void;
  isAllowed(): boolean;
  clear(): void;
}

export function createRest(clock: Clock, given: RestGiven | undefined): Rest {
  const wishes = new Map<string, SweepWish>();
  let wishedAt: MonoReading | undefined;
  let sweptAt: MonoMs | undefined;
  const isServed = (wish: SweepWish) => wish !== 'each' && sweptAt !== undefined && wish.from <= sweptAt;
  return {
    wish(reader, wish) {
      if (wish === undefined || isServed(wish)) {
        wishes.delete(reader);
        return false;
      }
      wishedAt = clock.monotonic();
      wishes.set(reader, wish);
      return true;
    },
    swept(begunAt) {
      if (wishes.size > 0) wishedAt = clock.monotonic();
      sweptAt = begunAt;
      for (const [reader, wish] of wishes) if (isServed(wish)) wishes.delete(reader);
    },
    isAllowed() {
      if (!given?.isTrusted() || wishes.size > 0) return false;
      return wishedAt === undefined || msBetween(wishedAt, clock.monotonic()) >= CALM_MS;
    },
    clear() {
      wishes.clear();
      sweptAt = undefined;
      wishedAt = undefined;
    },
  };
}
