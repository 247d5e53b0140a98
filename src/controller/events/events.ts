import type { Logger } from 'pino';
import type { KubeClient, KubeObject } from '../client/client.ts';
import { isAlreadyExists, isApiError, isNamespaceTerminating, isNotFound } from '../client/errors.ts';
import { microTime } from '../lease/lease.ts';
import { createBackoff } from '../lib/backoff.ts';
import { type Clock, sleep, type Timer } from '../lib/clock.ts';
import { plainText } from '../lib/plainText.ts';
import type { Random } from '../lib/random.ts';
import { createTokenBucket, type TokenBucket } from '../lib/tokenBucket.ts';
import type { DroppedEvent, RuntimeMetrics } from '../serve/metrics.ts';
import { cutNote, EVENTS, type EventInput, eventBody } from './eventBody.ts';

export interface EventRecorderOptions {
  client: KubeClient;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  /** A qualified name, e.g. example.com/operator. */
  reportingController: string;
  /** E.g. the pod's name. */
  reportingInstance: string;
  /** Events that wait to be written; above it they are dropped. Default 1,000. */
  maxQueued?: number;
  /** New events an object may have at once, and how long until it may have one more, ms. Default 50, twice client-go’s, as one launch of a Workspace is eight; and 300,000, as client-go. */
  burstPerObject?: number;
  refillMsPerObject?: number;
  /** Repeats are written together at most this often, ms. Default 60,000. */
  seriesPeriodMs?: number;
  /** A series without a repeat for this long is over, ms. Default 360,000, as client-go. */
  seriesEndMs?: number;
}

export interface EventRecorder {
  /** Never waits and never throws: an event that can't be recorded is counted and dropped. */
  record(event: EventInput): void;
  /** Writes what is queued, at most `graceMs` (default 5,000) long. */
  stop(graceMs?: number): Promise<void>;
}

interface Series {
  input: EventInput;
  namespace: string;
  name: string;
  eventTime: string;
  lastAt: number;
  count: number;
  /** The count on the server. */
  written: number;
  queued: boolean;
  timer?: Timer;
}

/**
 * events.k8s.io/v1, aggregated: the same event again is a higher count of the one there is, not another object.
 * Written one after the other by one loop, so that a slow API server costs events and never reconciles.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, random, logger, metrics, reportingController, reportingInstance } = options;
  const { maxQueued = 1_000, burstPerObject = 50, refillMsPerObject = 300_000 } = options;
  const { seriesPeriodMs = 60_000, seriesEndMs = 360_000 } = options;
  const all = new Map<string, Series>();
  const buckets = new Map<string, TokenBucket>();
  const queue: Series[] = [];
  const stopping = new AbortController();
  let wake: (() => void) | undefined;
  let closed = false;
  let sweepAt = maxQueued;
  let lastEventAt: number | undefined;
  let eventsInMs = 0;

  function drop(cause: DroppedEvent): void {
    metrics.eventsDropped.inc({ cause });
  }

  function mayBegin(uid: string): boolean {
    const bucket =
      buckets.get(uid) ??
      createTokenBucket({ clock, capacity: burstPerObject, refillPerSecond: 1000 / refillMsPerObject });
    buckets.set(uid, bucket);
    const taken = bucket.tryTake();
    if (buckets.size > sweepAt) {
      // A full bucket is the same as a new one.
      for (const [key, other] of buckets) if (other.available() >= burstPerObject) buckets.delete(key);
      // Twice as many before the next sweep, so that an event costs the same however many objects there are.
      sweepAt = Math.max(maxQueued, 2 * buckets.size);
    }
    return taken;
  }

  function enqueue(series: Series): void {
    if (series.queued) return;
    if (queue.length >= maxQueued) {
      if (series.written === 0) forget(series);
      drop('queue_full');
      return;
    }
    series.queued = true;
    queue.push(series);
    wake?.();
  }

  // Readers sort by it: events of the same ms must keep their order.
  function timeOfNext(): string {
    const now = clock.now();
    eventsInMs = now === lastEventAt ? Math.min(eventsInMs + 1, 999) : 0;
    lastEventAt = now;
    return microTime(now, eventsInMs);
  }

  const keyOf = ({ regarding, type, reason, action, note }: EventInput) =>
    JSON.stringify([regarding.uid, type, reason, action, note]);

  function forget(series: Series): void {
    series.timer?.cancel();
    all.delete(keyOf(series.input));
  }

  // Once a period: write the repeats there were, or end the series when there were none for long.
  function tend(series: Series): void {
    series.timer = clock.setTimeout(() => {
      if (series.count > series.written) enqueue(series);
      else if (clock.monotonic() - series.lastAt >= seriesEndMs) return forget(series);
      tend(series);
    }, seriesPeriodMs);
  }

  function record(event: EventInput): void {
    if (closed) {
      drop('stopped');
      return;
    }
    const input = { ...event, note: cutNote(plainText(event.note)) };
    const key = keyOf(input);
    const series = all.get(key);
    if (series) {
      series.count++;
      series.lastAt = clock.monotonic();
      // The first repeat makes a series of it; the others can wait for the period.
      if (series.count === 2) enqueue(series);
      return;
    }
    if (!mayBegin(input.regarding.uid)) {
      drop('too_many_of_one_object');
      return;
    }
    const begun: Series = {
      input,
      namespace: input.regarding.namespace ?? 'default',
      name: `${input.regarding.name.slice(0, 200)}.${random.bytes(8).toString('hex')}`,
      eventTime: timeOfNext(),
      lastAt: clock.monotonic(),
      count: 1,
      written: 0,
      queued: false,
    };
    all.set(key, begun);
    enqueue(begun);
    if (all.has(key)) tend(begun);
  }

  function seriesBody(series: Series) {
    const agoMs = clock.monotonic() - series.lastAt;
    return { count: series.count, lastObservedTime: microTime(clock.now() - agoMs) };
  }

  async function write(series: Series): Promise<void> {
    const { input, namespace, name } = series;
    const count = series.count;
    const signal = stopping.signal;
    if (series.written > 0) {
      try {
        await client.mergePatch(EVENTS, { name, namespace }, { series: seriesBody(series) }, { signal });
        series.written = count;
        return;
      } catch (error) {
        // The server has forgotten it (events live an hour): begin again under the same name.
        if (!isNotFound(error)) throw error;
      }
    }
    const body = eventBody(input, {
      namespace,
      name,
      eventTime: series.eventTime,
      series: count > 1 ? seriesBody(series) : undefined,
      reportingController,
      reportingInstance,
    });
    try {
      await client.create<KubeObject>(EVENTS, body, namespace, { signal });
    } catch (error) {
      // An earlier try did arrive, only its answer did not.
      if (!isAlreadyExists(error)) throw error;
    }
    series.written = count;
  }

  async function deliver(series: Series): Promise<void> {
    const backoff = createBackoff({ random, minMs: 500, maxMs: 10_000 });
    for (let tries = 1; ; tries++) {
      try {
        return await write(series);
      } catch (error) {
        const about = {
          reason: series.input.reason,
          namespace: series.namespace,
          name: series.input.regarding.name,
        };
        if (isNamespaceTerminating(error) || (isNotFound(error) && series.written === 0)) {
          logger.debug(about, 'no event: its namespace is going away');
          forget(series);
          return drop('namespace_terminating');
        }
        const isFinal = isApiError(error) && error.status < 500 && error.status !== 429;
        if (isFinal || tries >= 4 || stopping.signal.aborted) {
          logger.warn({ ...about, err: error }, 'an event was not recorded');
          if (series.written === 0) forget(series);
          return drop(isFinal ? 'refused' : 'unreachable');
        }
        await sleep(clock, backoff.next(), stopping.signal);
      }
    }
  }

  async function run(): Promise<void> {
    for (;;) {
      const series = queue.shift();
      if (series) {
        series.queued = false;
        await deliver(series);
      } else if (closed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  const running = run();
  return {
    record,
    async stop(graceMs = 5_000) {
      closed = true;
      for (const series of all.values()) {
        series.timer?.cancel();
        if (series.count > series.written) enqueue(series);
      }
      wake?.();
      const timer = clock.setTimeout(() => stopping.abort(new Error('stopping')), graceMs);
      await running;
      timer.cancel();
    },
  };
}
