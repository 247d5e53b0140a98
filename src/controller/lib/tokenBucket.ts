import type { Clock, Timer } from './clock.ts';

export interface TokenBucketOptions {
  clock: Clock;
  /** The largest burst, in tokens; > 0. The bucket starts full unless `initial` says otherwise. */
  capacity: number;
  /** Tokens that come back a second; > 0. */
  refillPerSecond: number;
  initial?: number;
  /** Receives how long each accepted `take` waited, in milliseconds; 0 when it did not. */
  onWait?: (ms: number) => void;
}

export interface TokenBucket {
  /** Takes tokens at once, or nothing. Never overtakes callers that wait. */
  tryTake(tokens?: number): boolean;
  /** Resolves once the tokens were taken, in the order of the calls; rejects with the signal's reason, nothing taken. */
  take(tokens?: number, signal?: AbortSignal): Promise<void>;
  /** Everyone waits at least `ms` from now and the bucket starts empty: the server said that we were too fast. */
  drain(ms?: number): void;
  /** Whole and part tokens there are now; never negative. */
  available(): number;
  /** In how many ms there will be this number of tokens, if none is taken; `tokens` may exceed the capacity. */
  waitMs(tokens: number): number;
  /** How many `take` calls wait. */
  waiting(): number;
}

interface Waiter {
  tokens: number;
  grant: () => void;
}

/**
 * A token bucket with a fair queue. Time is read from the monotonic clock and only one timer is pending at a time,
 * so a thousand waiters cost no more than one.
 */
export function createTokenBucket(options: TokenBucketOptions): TokenBucket {
  const { clock, capacity, refillPerSecond, onWait } = options;
  if (!(capacity > 0) || !(refillPerSecond > 0)) {
    throw new RangeError(
      `token bucket: capacity (${capacity}) and refillPerSecond (${refillPerSecond}) must be above 0`,
    );
  }
  let tokens = Math.min(capacity, options.initial ?? capacity);
  let readAt = clock.monotonic();
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;
  const queue: Waiter[] = [];

  function refill(): void {
    const now = clock.monotonic();
    const from = Math.max(readAt, pausedUntil);
    if (now > from) tokens = Math.min(capacity, tokens + ((now - from) / 1000) * refillPerSecond);
    readAt = now;
  }

  // A timer may fire a hair early against the refill's rounding; without the slack it would be set again for ~0 ms.
  const enough = (wanted: number) => tokens + 1e-6 >= wanted && clock.monotonic() >= pausedUntil;

  function spend(wanted: number): void {
    tokens = Math.max(0, tokens - wanted);
  }

  function serve(): void {
    timer?.cancel();
    timer = undefined;
    refill();
    for (let head = queue[0]; head && enough(head.tokens); head = queue[0]) {
      queue.shift();
      spend(head.tokens);
      head.grant();
    }
    const head = queue[0];
    if (!head) return;
    timer = clock.setTimeout(serve, Math.ceil(waitMs(head.tokens)));
  }

  function waitMs(wanted: number): number {
    const now = clock.monotonic();
    const missing = enough(wanted) ? 0 : Math.max(0, wanted - tokens);
    return Math.max(now, pausedUntil) - now + (missing / refillPerSecond) * 1000;
  }

  function check(wanted: number): void {
    if (!(wanted > 0) || wanted > capacity) {
      throw new RangeError(
        `token bucket: ${wanted} tokens asked for, between 0 and ${capacity} can be given`,
      );
    }
  }

  return {
    tryTake(wanted = 1) {
      check(wanted);
      refill();
      if (queue.length > 0 || !enough(wanted)) return false;
      spend(wanted);
      return true;
    },
    take(wanted = 1, signal) {
      return new Promise((resolve, reject) => {
        check(wanted);
        if (signal?.aborted) return reject(signal.reason);
        const since = clock.monotonic();
        const waiter: Waiter = {
          tokens: wanted,
          grant() {
            signal?.removeEventListener('abort', abort);
            onWait?.(clock.monotonic() - since);
            resolve();
          },
        };
        const abort = () => {
          queue.splice(queue.indexOf(waiter), 1);
          reject(signal?.reason);
          serve();
        };
        signal?.addEventListener('abort', abort, { once: true });
        queue.push(waiter);
        if (queue[0] === waiter) serve();
      });
    },
    drain(ms = 0) {
      refill();
      tokens = 0;
      pausedUntil = Math.max(pausedUntil, clock.monotonic() + ms);
      serve();
    },
    available() {
      refill();
      return tokens;
    },
    waitMs(wanted) {
      refill();
      return waitMs(wanted);
    },
    waiting: () => queue.length,
  };
}
