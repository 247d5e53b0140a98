import type { Clock } from '../lib/clock.ts';

export interface TurnsOptions {
  clock: Pick<Clock, 'monotonic' | 'nextTurn'>;
  /** No piece of work begins this long after its turn of the event loop began, ms. Default 4. */
  mostMs?: number;
  /** How many begin in one turn: those that await settled promises end in it together. Default 8. */
  mostPieces?: number;
}

/**
 * Lets the event loop go on between pieces of work. Promises that are settled already run as one chain of microtasks, in
 * which no timer fires and no answer is read: ten thousand passes would be one stall, and a lease would not be renewed.
 */
export interface Turns {
  /** Resolves when a piece of work may begin: at once, or in a later turn. */
  take(): Promise<void>;
}

/** All workers of one process share these, as they share its event loop. */
export function createTurns({ clock, mostMs = 4, mostPieces = 8 }: TurnsOptions): Turns {
  let beganAt = clock.monotonic();
  let pieces = 0;
  let next: Promise<void> | undefined;

  const isOver = () => pieces >= mostPieces || clock.monotonic() - beganAt >= mostMs;

  function nextTurn(): Promise<void> {
    next ??= new Promise((resolve) => {
      clock.nextTurn(() => {
        beganAt = clock.monotonic();
        pieces = 0;
        next = undefined;
        resolve();
      });
    });
    return next;
  }

  return {
    async take() {
      while (next || isOver()) await nextTurn();
      pieces += 1;
    },
  };
}
