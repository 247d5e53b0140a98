import type { Logger } from 'pino';
import { createBackoff } from '../../controller/lib/backoff.ts';
import { type Clock, sleep } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { isEc2Failure } from '../calls/errors.ts';
import { createPace } from '../calls/pace.ts';
import type { CloudView, InstanceState } from '../calls/port.ts';
import { isSameWay } from '../calls/ways.ts';
import { type Notice, readMessage } from './message.ts';
import type { EventMetrics, Outcome } from './metrics.ts';
import type { EventQueue, QueueMessage } from './queue.ts';
import type { QueueTrust } from './trust.ts';

/** Requests for messages: a flood costs no more than this. Each brings ten messages at most. */
const REQUESTS = { capacity: 20, refillPerSecond: 10 };

/** How long a look-up waits, ms: EC2's answers may be half a second behind its events (test/ec2Contract). */
const SETTLE_MS = 500;

/** EC2 takes a Spot instance back two minutes after it says so ("Spot Instance interruption notices"), ms. */
const INTERRUPTED_AFTER_MS = 121_000;

const BACKOFF = { minMs: 1_000, maxMs: 60_000 };

export interface ReceiverOptions {
  /** Opens the queue; called again after it failed. */
  open(): Promise<EventQueue>;
  cloud: Pick<CloudView, 'get'> & {
    knows(id: string): boolean;
    lookUpSoon(id: string, inMs: number, expected?: InstanceState): void;
  };
  trust: Pick<QueueTrust, 'reported' | 'reached' | 'unreadable'>;
  metrics: Pick<EventMetrics, 'message'>;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** The queue can't be read, for another reason than last time. */
  onFailure(error: unknown): void;
}

export interface Receiver {
  start(): void;
  /** Ends the request under way. Messages that it may have fetched are delivered again, to the next leader. */
  stop(): Promise<void>;
}

/**
 * Takes messages from the queue for as long as it runs. A message decides nothing: at most it has EC2 asked about one instance
 * that is known already. It is deleted as soon as that is noted, since a process that leads next sweeps anyway.
 */
export function createReceiver(options: ReceiverOptions): Receiver {
  const { cloud, trust, metrics, clock, random, logger } = options;
  const pace = createPace(clock, REQUESTS);
  let running: { ending: AbortController; done: Promise<void> } | undefined;

  /** @returns what becomes of it */
  function take(notice: Notice): Outcome {
    if (notice.kind !== 'StateChange') {
      const { kind, ids } = notice;
      logger.info({ event: 'ec2.notice', kind, instanceIDs: ids }, 'EC2 gave notice of what is to come');
      const inMs = kind === 'SpotInterruption' ? INTERRUPTED_AFTER_MS : SETTLE_MS;
      for (const id of ids) cloud.lookUpSoon(id, inMs);
      return 'asked';
    }
    const { id, state } = notice;
    const shown = cloud.get(id)?.state;
    if (shown !== undefined) trust.reported(id, state, shown);
    if (shown === state || (shown === 'terminated' && isSameWay(shown, state))) return 'shown';
    cloud.lookUpSoon(id, SETTLE_MS, state);
    return 'asked';
  }

  function read({ body }: QueueMessage): void {
    const reading = readMessage(body, cloud.knows);
    const isNotice = reading.kind !== 'foreign' && reading.kind !== 'unreadable';
    metrics.message(isNotice ? take(reading) : reading.kind);
    if (reading.kind === 'unreadable') trust.unreadable();
  }

  async function run(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff({ random, ...BACKOFF });
    let queue: EventQueue | undefined;
    let said: string | undefined;
    while (!signal.aborted) {
      try {
        queue ??= await options.open();
        const waitMs = pace.waitMs();
        if (waitMs > 0) await sleep(clock, waitMs, signal);
        if (signal.aborted) break;
        pace.pass();
        const messages = await queue.receive(signal);
        // What comes after the term is the next leader's.
        if (signal.aborted) break;
        trust.reached(true);
        for (const message of messages) read(message);
        const receipts = messages.map(({ receipt }) => receipt);
        // A delete that hangs must not keep the lease from being given back.
        if (receipts.length > 0) await queue.remove(receipts, signal);
        backoff.reset();
        said = undefined;
      } catch (error) {
        if (signal.aborted) break;
        trust.reached(false);
        const code = isEc2Failure(error) ? error.code : 'UnknownError';
        if (code !== said) options.onFailure(error);
        said = code;
        await sleep(clock, backoff.next(), signal);
      }
    }
    queue?.close();
  }

  return {
    start() {
      if (running) return;
      const ending = new AbortController();
      running = { ending, done: run(ending.signal) };
    },
    async stop() {
      running?.ending.abort();
      await running?.done;
      running = undefined;
    },
  };
}
