import type { Clock, Timer } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import type { MonoReading } from '../../controller/lib/time.ts';
import { GatewayError } from '../base/errors.ts';
import type { GatewayMetrics, WatchEnd } from '../base/metrics.ts';
import type { Board } from './board.ts';
import type { Scope } from './scope.ts';
import { createStream, type Outlet, type Stream } from './stream.ts';

export interface WatchLimits {
  /** Watches in all. */
  total: number;
  /** Watches of one group of callers. */
  perGroup: number;
}

export interface WatchRequest {
  outlet: Outlet;
  scope: Scope;
  from: string | undefined;
  /** Whom the watch counts for. */
  group: string;
  /** Whether the caller may still see it; rejects where not. */
  review(): Promise<void>;
  /** Called once nothing can fail any more, before the first byte. */
  taken(): void;
}

export interface Watches {
  /** Takes the outlet and serves it until either side ends it. @throws GatewayError while nothing was sent */
  serve(request: WatchRequest): Promise<void>;
  /** Ends each with a last event, and takes no more. */
  stop(): void;
}

/** Between two signs of life, ms. Proxies close what is idle for a minute. */
const BEAT_MS = 15_000;
/** How often each watch asks again for its rights, ms. */
const REVIEW_MS = 60_000;
/** A watch ends at this age, ms, or up to a third later: so that watches spread over the gateways again after one restarted. */
const AGE_MS = 30 * 60_000;

interface Open {
  stream: Stream;
  group: string;
  reviewAt: number;
  endAt: number;
  review(): Promise<void>;
}

export function createWatches(options: {
  board: Board;
  clock: Clock;
  random: Random;
  limits: WatchLimits;
  metrics: Pick<GatewayMetrics, 'watches' | 'watchesEnded'>;
}): Watches {
  const { board, clock, random, limits, metrics } = options;
  const open = new Set<Open>();
  /** Of each group: those that are open or being opened. */
  const counts = new Map<string, number>();
  let isStopping = false;
  let beat: Timer | undefined;

  function count(group: string, by: 1 | -1): void {
    const now = (counts.get(group) ?? 0) + by;
    if (now === 0) counts.delete(group);
    else counts.set(group, now);
    metrics.watches.inc(by);
  }

  const total = () => [...counts.values()].reduce((sum, each) => sum + each, 0);

  /** A group with the most watches pays for a gateway that is full, unless that is the one that asks. */
  function makeRoom(group: string): void {
    const most = Math.max(...counts.values());
    const own = counts.get(group) ?? 0;
    const oldest = [...open].find((each) => counts.get(each.group) === most);
    if (most <= own + 1 || !oldest) throw new GatewayError('overloaded');
    oldest.stream.end('displaced');
  }

  function admit(group: string): void {
    if (isStopping) throw new GatewayError('overloaded');
    if ((counts.get(group) ?? 0) >= limits.perGroup) throw new GatewayError('too_many_watches');
    if (total() >= limits.total) makeRoom(group);
  }

  async function reviewOne({ review, stream }: Open): Promise<void> {
    try {
      await review();
    } catch (error) {
      // While the API server is away, what it said last holds.
      if (error instanceof GatewayError && error.code === 'callers_unavailable') return;
      stream.end('rights');
    }
  }

  function tick(): void {
    const now = clock.monotonic();
    for (const each of open) {
      each.stream.beat();
      if (now >= each.endAt) each.stream.end('age');
      else if (now >= each.reviewAt) {
        each.reviewAt = now + REVIEW_MS;
        void reviewOne(each);
      }
    }
    beat = open.size > 0 ? clock.setTimeout(tick, BEAT_MS) : undefined;
  }

  function begin(request: WatchRequest, held: Awaited<ReturnType<Board['open']>>): void {
    const { group, review, taken, ...rest } = request;
    taken();
    const now: MonoReading = clock.monotonic();
    let unsubscribe = () => {};
    let each: Open | undefined;
    const onEnd = (reason: WatchEnd) => {
      unsubscribe();
      if (each) open.delete(each);
      count(group, -1);
      held.release();
      metrics.watchesEnded.inc({ reason });
    };
    const stream = createStream({ ...rest, shown: held.shown, clock, onEnd });
    each = {
      stream,
      group,
      review,
      reviewAt: now + REVIEW_MS,
      endAt: now + AGE_MS * (1 + random.next() / 3),
    };
    open.add(each);
    unsubscribe = held.shown.onChange(stream.pump);
    beat ??= clock.setTimeout(tick, BEAT_MS);
  }

  return {
    async serve(request) {
      admit(request.group);
      count(request.group, 1);
      let held: Awaited<ReturnType<Board['open']>> | undefined;
      try {
        held = await board.open();
        if (isStopping) throw new GatewayError('overloaded');
        if (request.outlet.destroyed) throw new GatewayError('request_timeout');
      } catch (error) {
        held?.release();
        count(request.group, -1);
        throw error;
      }
      begin(request, held);
    },
    stop() {
      isStopping = true;
      beat?.cancel();
      for (const { stream } of [...open]) stream.end('stopping');
    },
  };
}
