import type { Clock, Timer } from '../../controller/lib/clock.ts';

/** The part of Node's ServerResponse that counts here. */
interface Answer {
  req: { socket: { destroy(): unknown } };
}

/** Requests whose answer was not read yet. */
export interface UnreadAnswers {
  begin(response: Answer, now: number): void;
  end(response: Answer): void;
}

/**
 * Destroys connections whose clients don't read their answer within `answerMs` of their request. One timer serves
 * them all, since a timer for each would add a cost to each heartbeat.
 */
export function cutOffUnread(clock: Clock, answerMs: number): UnreadAnswers {
  /** When each is overdue, monotonic ms; the earliest first. */
  const open = new Map<Answer, number>();
  let timer: Timer | undefined;

  function cutOff(response: Answer): void {
    if (open.delete(response)) response.req.socket.destroy();
  }

  /** For this one; when it was read, for the earliest that was not. */
  function wait(response: Answer, ms: number): void {
    timer = clock.setTimeout(() => {
      timer = undefined;
      cutOff(response);
      const now = clock.monotonic();
      for (const [next, overdueAt] of open) {
        if (overdueAt > now) return wait(next, overdueAt - now);
        cutOff(next);
      }
    }, ms);
  }

  return {
    begin(response, now) {
      open.set(response, now + answerMs);
      if (timer === undefined) wait(response, answerMs);
    },
    end(response) {
      open.delete(response);
      if (open.size > 0) return;
      timer?.cancel();
      timer = undefined;
    },
  };
}
