import type { Clock, Timer } from '../../controller/lib/clock.ts';
import { type MonoReading, msBetween, plus } from '../../controller/lib/time.ts';
import type { InstanceState } from '../calls/port.ts';
import { isSameWay, WAY, type Way } from '../calls/ways.ts';

/** How long after EC2 showed a change its event may come, ms. EventBridge usually takes less than a second. */
const TOLD_WITHIN_MS = 30_000;

/** How long one event that came true speaks for the queue, ms. */
const TRUSTED_FOR_MS = 24 * 3_600_000;

/** How long the queue is not trusted after a change that no event reported, ms. */
const DISTRUSTED_FOR_MS = 600_000;

/** Why sweeps rest no longer. */
export type Distrust = 'missed' | 'unreachable' | 'unreadable';

/**
 * Whether the queue reports what happens. An event and EC2's own answer about the same change are its heartbeat: those of the
 * operator's own launches and ends come with any activity. A queue that is merely silent proves nothing.
 */
export interface QueueTrust {
  /** EC2's answers show that a known instance changed its state. */
  found(id: string, from: InstanceState, to: InstanceState): void;
  /** An event says so. `shown` is the state that the newest answer of EC2 showed. */
  reported(id: string, to: InstanceState, shown: InstanceState): void;
  /** Whether the last request for messages was answered. */
  reached(isReached: boolean): void;
  /** A message about an instance of ours can't be read. */
  unreadable(): void;
  isTrusted(): boolean;
  /** Another term begins, or none: nothing is known of the queue. */
  reset(): void;
}

export interface TrustOptions {
  clock: Clock;
  /** It was trusted until now, or a change was missed: `id` is the instance's. */
  onDistrust(why: Distrust, id?: string): void;
}

export function createQueueTrust({ clock, onDistrust }: TrustOptions): QueueTrust {
  /** Ways that events reported and that EC2 has yet to show, by instance: one at most for each that is known. */
  const reported = new Map<string, Way>();
  /** Changes that no event has reported yet, the oldest first. */
  const awaited = new Map<string, { way: Way; dueAt: MonoReading }>();
  let timer: Timer | undefined;
  let isReached = false;
  let confirmedAt: MonoReading | undefined;
  let missedAt: MonoReading | undefined;

  function isTrusted(): boolean {
    if (!isReached || confirmedAt === undefined) return false;
    const now = clock.monotonic();
    if (msBetween(confirmedAt, now) > TRUSTED_FOR_MS) return false;
    return (
      missedAt === undefined || (confirmedAt > missedAt && msBetween(missedAt, now) >= DISTRUSTED_FOR_MS)
    );
  }

  function confirm(): void {
    confirmedAt = clock.monotonic();
  }

  function miss(why: Distrust, id?: string): void {
    missedAt = clock.monotonic();
    onDistrust(why, id);
  }

  function look(): void {
    const now = clock.monotonic();
    for (const [id, { dueAt }] of awaited) {
      if (dueAt > now) break;
      awaited.delete(id);
      miss('missed', id);
    }
    arm();
  }

  function arm(): void {
    timer?.cancel();
    const [next] = awaited.values();
    timer = next && clock.setTimeout(look, msBetween(clock.monotonic(), next.dueAt));
  }

  return {
    found(id, from, to) {
      // From `stopping` to `stopped`, say: one event of the two is enough. Another event reports that an instance runs.
      if (isSameWay(from, to) && to !== 'running') return;
      const way = WAY[to];
      const wasReported = reported.get(id) === way;
      reported.delete(id);
      awaited.delete(id);
      if (wasReported) confirm();
      else awaited.set(id, { way, dueAt: plus(clock.monotonic(), TOLD_WITHIN_MS) });
      arm();
    },
    reported(id, to, shown) {
      if (awaited.get(id)?.way === WAY[to]) {
        awaited.delete(id);
        confirm();
        return;
      }
      const isShown = shown === to || (shown !== 'pending' && isSameWay(shown, to));
      if (!isShown) reported.set(id, WAY[to]);
    },
    reached(now) {
      const was = isTrusted();
      isReached = now;
      if (was && !now) onDistrust('unreachable');
    },
    unreadable: () => miss('unreadable'),
    isTrusted,
    reset() {
      timer?.cancel();
      reported.clear();
      awaited.clear();
      isReached = false;
      confirmedAt = undefined;
      missedAt = undefined;
    },
  };
}
