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

  function cutOff(request: Asked): void {
    if (open.delete(request)) request.socket.destroy();
  }

  /** For this one; when it was read, for the earliest that was not. */
  function wait(request: Asked, ms: number): void {
    timer = clock.setTimeout(() => {
      timer = undefined;
      cutOff(request);
      const now = clock.monotonic();
      for (const [next, overdueAt] of open) {
        if (overdueAt > now) return wait(next, overdueAt - now);
        cutOff(next);
      }
    }, ms);
  }

  return {
    begin(request, now) {
      open.set(request, now + answerMs);
      if (timer === undefined) wait(request, answerMs);
    },
    end(request) {
      open.delete(request);
      if (open.size > 0) return;
      timer?.cancel();
      timer = undefined;
    },
  };
}
