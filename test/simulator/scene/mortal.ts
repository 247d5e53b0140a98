import type { Transport } from '../../../src/controller/client/transport.ts';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Ec2Calls } from '../../../src/ec2/calls/port.ts';
import type { EventQueue } from '../../../src/ec2/events/queue.ts';

/** A process: its timers fire and its answers come only while it runs. */
export interface Mortal {
  readonly clock: Clock;
  /** It is no more: nothing of it happens from here on. What it has sent goes on. */
  die(): void;
  /** It stands still, as under SIGSTOP; what comes meanwhile is there when it goes on. */
  freeze(): void;
  thaw(): void;
  isDead(): boolean;
  /** A call of this process; `strike` is asked before and after it, and may end the process there. */
  call<T>(name: string, send: () => Promise<T>): Promise<T>;
  transport(inner: Transport): Transport;
  ec2(inner: Ec2Calls): Ec2Calls;
  queue(inner: EventQueue): EventQueue;
}

export type Strike = (name: string, when: 'before' | 'after') => void;

/** @param skewMs how far its wall clock is ahead of the others' */
export function createMortal(clock: Clock, strike: Strike, skewMs = 0): Mortal {
  let state: 'running' | 'frozen' | 'dead' = 'running';
  let waiting: (() => void)[] = [];
  const death = new AbortController();

  function whenRunning(go: () => void): void {
    if (state === 'running') go();
    else if (state === 'frozen') waiting.push(go);
  }

  function call<T>(name: string, send: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      whenRunning(() => {
        strike(name, 'before');
        whenRunning(() => {
          const settle = (go: () => void) => {
            if (state === 'running') strike(name, 'after');
            whenRunning(go);
          };
          send().then(
            (value) => settle(() => resolve(value)),
            (error: unknown) => settle(() => reject(error)),
          );
        });
      });
    });
  }

  async function* lines(inner: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const iterator = inner[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await new Promise<IteratorResult<unknown>>((resolve, reject) => {
          iterator.next().then(
            (value) => whenRunning(() => resolve(value)),
            (error: unknown) => whenRunning(() => reject(error)),
          );
        });
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  return {
    clock: {
      now: () => (clock.now() + skewMs) as ReturnType<Clock['now']>,
      monotonic: clock.monotonic,
      setTimeout: (fn, ms) => clock.setTimeout(() => whenRunning(fn), ms),
      nextTurn: (fn) => clock.nextTurn(() => whenRunning(fn)),
    },
    die() {
      state = 'dead';
      waiting = [];
      death.abort();
    },
    freeze() {
      if (state === 'running') state = 'frozen';
    },
    thaw() {
      if (state !== 'frozen') return;
      state = 'running';
      const due = waiting;
      waiting = [];
      for (const go of due) whenRunning(go);
    },
    isDead: () => state === 'dead',
    call,
    transport: (inner) => ({
      request: (request) => call(`${request.method} ${request.path}`, () => inner.request(request)),
      async stream(request) {
        // Its connections end with it.
        const signal = AbortSignal.any([death.signal, ...(request.signal ? [request.signal] : [])]);
        const answer = await call(`WATCH ${request.path}`, () => inner.stream({ ...request, signal }));
        return { ...answer, lines: lines(answer.lines) };
      },
    }),
    queue: (inner) => ({
      receive: (signal) =>
        call('receiveMessage', () => inner.receive(AbortSignal.any([death.signal, signal]))),
      remove: (receipts, signal) => call('deleteMessageBatch', () => inner.remove(receipts, signal)),
      close: inner.close,
    }),
    ec2: (inner) =>
      Object.fromEntries(
        Object.entries(inner).map(([name, run]) => [
          name,
          (...args: unknown[]) =>
            call(name, () => (run as (...given: unknown[]) => Promise<unknown>)(...args)),
        ]),
      ) as unknown as Ec2Calls,
  };
}
