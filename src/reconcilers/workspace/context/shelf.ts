import type { Clock, Timer } from '../../../controller/lib/clock.ts';

/** What is kept for a short time and not longer, whether or not anybody asks for it. */
export interface Shelf<T> {
  get(key: string): T | undefined;
  /** In place of what was there. */
  put(key: string, value: T): void;
  drop(key: string): void;
  clear(): void;
  /** The one that was put there first. */
  oldest(): string | undefined;
}

/** @param onDrop called with each value that goes */
export function createShelf<T>(
  clock: Clock,
  keepMs: number,
  onDrop: (value: T) => void = () => undefined,
): Shelf<T> {
  const kept = new Map<string, { at: number; value: T }>();
  let timer: Timer | undefined;

  function drop(key: string): void {
    const entry = kept.get(key);
    if (!entry) return;
    kept.delete(key);
    onDrop(entry.value);
  }

  function dropOld(): void {
    timer = undefined;
    for (const [key, { at }] of kept) {
      const leftMs = at + keepMs - clock.monotonic();
      if (leftMs > 0) {
        timer = clock.setTimeout(dropOld, leftMs);
        return;
      }
      drop(key);
    }
  }

  return {
    get(key) {
      const entry = kept.get(key);
      return entry && clock.monotonic() - entry.at < keepMs ? entry.value : undefined;
    },
    put(key, value) {
      drop(key);
      kept.set(key, { at: clock.monotonic(), value });
      timer ??= clock.setTimeout(dropOld, keepMs);
    },
    drop,
    clear() {
      timer?.cancel();
      timer = undefined;
      for (const key of [...kept.keys()]) drop(key);
    },
    oldest: () => kept.keys().next().value,
  };
}
