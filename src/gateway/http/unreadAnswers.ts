import type { Clock, Timer } from '../../controller/lib/clock.ts';

/** The part of a request that counts here. */
interface Asked {
  socket: { destroy(): unknown };
}

/** Requests whose answer was not read yet. */
export interface UnreadAnswers {
  begin(request: Asked, now: number): void;
  end(request: Asked): void;
}

/**
 * Destroys connections whose clients don't read their answer within `answerMs` of their request. One timer serves
 * them all, since a timer for each would add a cost to each heartbeat.
 */
export function cutOffUnread(clock: Clock, answerMs: number): UnreadAnswers {
  /** When each is overdue, monotonic ms; the earliest first. */
  const open = new Map<Asked, number>();
  let timer: Timer | undefined;

  /** A connection is the key of each of its requests: whether one is overdue is asked when the time comes. */
  function wait(ms: number): void {
    timer = clock.setTimeout(() => {
      timer = undefined;
      const now = clock.monotonic();
      for (const [request, overdueAt] of open) {
        if (overdueAt > now) return wait(overdueAt - now);
        open.delete(request);
        request.socket.destroy();
      }
    }, ms);
  }

  return {
    begin(request, now) {
      open.set(request, now + answerMs);
      if (timer === undefined) wait(answerMs);
    },
    end(request) {
      open.delete(request);
      if (open.size > 0) return;
      timer?.cancel();
      timer = undefined;
    },
  };
}
