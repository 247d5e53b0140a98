import type { Clock, Timer } from '../../controller/lib/clock.ts';
import { iso } from '../../controller/lib/time.ts';
import type { BucketName, Buckets } from '../calls/buckets.ts';
import { createPace } from '../calls/pace.ts';
import { createFairLine, type FairLine, type Place } from './fairLine.ts';

/** After how long an unused turn goes to the next place, ms: longer than a pass waits for a worker in a storm. */
const LAPSE_MS = 15_000;

/** The shortest wait that is returned for a later turn, and the interval to look where its time is unknown, ms. */
const LOOK_AGAIN_MS = 1_000;

export interface TurnRequest extends Omit<Place, 'order'> {
  /** The key to wake when the turn comes. */
  key: string;
  /** Default: when it asked. Places of one namespace in one bucket sort by it. */
  order?: string | undefined;
  /**
   * `again` is for Workspaces that had an instance, and for calls about one; `first` for Workspaces that never had any, and for
   * those that give theirs up when their turn comes. Where both wait they alternate.
   */
  lane: 'again' | 'first';
  /** `send`: a request. `open`: it gives up its instance, and asks to send once that has ended, in lane `again`. */
  errand: 'send' | 'open';
}

/** When a place has its turn: now, or in about `inMs`, after the others ahead of it. */
export interface Turn {
  inMs: number;
  ahead: number;
}

interface Waiter extends Place, Pick<TurnRequest, 'key' | 'lane' | 'errand'> {
  since: number;
  /** Asked for in the present pass, which is to end with `passed`. */
  asked: boolean;
}

interface Grant {
  waiter: Waiter;
  at: number;
  /** Its holder knows. */
  answered: boolean;
  /** Its request is on record, or about to be: it goes out even if AWS asks for a pause meanwhile. */
  committed: boolean;
  used: boolean;
}

export interface TurnQueueOptions {
  bucket: BucketName;
  buckets: Pick<Buckets, 'tryTake' | 'waitMs' | 'size'>;
  clock: Clock;
  wake: (key: string) => void;
  onWait: (ms: number) => void;
  /** Whether one more may send: answers that take long are not to hold all workers. */
  hasRoom: () => boolean;
  /** An instance is given up only when its successor's own turn would be as near as that, ms. */
  nearMs: number;
}

/**
 * Decides which Workspace sends next at one bucket. No pass waits in it: a Workspace has a place in line, and is woken when its turn
 * comes. A token is spent when the request goes out. An unused one goes to the next place, since no token is bound to a place.
 */
export interface TurnQueue {
  /** Takes a place, or renews it; answers when its turn is. */
  ask(request: TurnRequest): Turn;
  /**
   * Immediately before the request is put on record: whether the turn still stands. From then on the token is this one's
   * until its pass ends, so that what is on record goes out in that pass; a pause that AWS asks for holds up the others.
   */
  commit(id: string): boolean;
  /** Uses the turn: immediately before a request goes out, or once what it was for is on record. False: there is no token, and nothing may be sent. */
  spend(id: string): boolean;
  /**
   * The end of a pass: a turn that it had and did not use is the next one's, and a place that it did not ask for is
   * given up. Returns whether it still has a place, or a turn that came meanwhile.
   */
  passed(id: string): boolean;
  /** Hands out the available turns, after a change that this queue does not see. */
  settle(): void;
  length(): number;
  /** Turns that are out: of those that have yet to send, and of those that wait for an answer. */
  atWork(): number;
}

/** Whether an unused turn may lapse; a request on record is being sent. */
function mayLapse({ committed, used }: Grant): boolean {
  return !committed && !used;
}

export function createTurnQueue(options: TurnQueueOptions): TurnQueue {
  const { bucket, buckets, clock, wake, onWait, hasRoom, nearMs } = options;
  const { refillPerSecond } = buckets.size(bucket);
  const pace = createPace(clock, buckets.size(bucket));
  const lanes: Record<TurnRequest['lane'], FairLine<Waiter>> = {
    again: createFairLine(),
    first: createFairLine(),
  };
  const grants = new Map<string, Grant>();
  let lastLane: TurnRequest['lane'] = 'first';
  let timer: Timer | undefined;

  const isSend = ({ waiter }: Grant) => waiter.errand === 'send';
  /** Tokens that turns out there will still spend. */
  const promised = () => [...grants.values()].filter((it) => isSend(it) && !it.used).length;
  const atWork = () => [...grants.values()].filter(isSend).length;

  /** Its successor joins lane `again` when the instance has ended, and takes turns there with lane `first`. */
  function isNear({ namespace }: Waiter): boolean {
    const share = lanes.first.ready > 0 ? 2 : 1;
    return buckets.waitMs(bucket, share * (lanes.again.aheadOfNew(namespace) + 1)) <= nearMs;
  }

  function choose(): Waiter | undefined {
    const maySend = buckets.waitMs(bucket, promised() + 1) === 0 && hasRoom();
    const again = maySend ? lanes.again.peek(() => true) : undefined;
    const first =
      pace.waitMs() === 0 ? lanes.first.peek((it) => it.errand === 'send' || isNear(it)) : undefined;
    if (first?.errand === 'open' || !again) return first?.errand === 'open' || maySend ? first : undefined;
    return first && lastLane === 'again' ? first : again;
  }

  function grant(waiter: Waiter): void {
    lanes[waiter.lane].serve(waiter);
    if (waiter.errand === 'send') lastLane = waiter.lane;
    if (waiter.lane === 'first') pace.pass();
    grants.set(waiter.id, { waiter, at: clock.monotonic(), answered: false, committed: false, used: false });
  }

  function withdraw(id: string): void {
    const held = grants.get(id);
    if (!held) return;
    grants.delete(id);
    if (!held.used && held.waiter.lane === 'first') pace.takeBack();
  }

  /** Hands out what can be handed out now; `asking` needs no waking. */
  function settle(asking?: string): void {
    const now = clock.monotonic();
    for (const [id, held] of grants) if (mayLapse(held) && now - held.at >= LAPSE_MS) withdraw(id);
    for (let next = choose(); next; next = choose()) {
      grant(next);
      if (next.id !== asking) wake(next.key);
    }
    setTimer(now);
  }

  function setTimer(now: number): void {
    timer?.cancel();
    const lapses = [...grants.values()].filter(mayLapse).map(({ at }) => at + LAPSE_MS - now);
    const waits = lanes.again.ready + lanes.first.ready > 0 ? [nextTurnMs()] : [];
    const ms = Math.min(...lapses, ...waits);
    timer = Number.isFinite(ms) ? clock.setTimeout(() => settle(), Math.ceil(ms)) : undefined;
  }

  function nextTurnMs(): number {
    const token = hasRoom() ? buckets.waitMs(bucket, promised() + 1) : Number.POSITIVE_INFINITY;
    const paced = pace.waitMs();
    const turns = [
      ...(lanes.again.ready > 0 ? [token] : []),
      ...(lanes.first.ready > 0 ? [paced || token || LOOK_AGAIN_MS] : []),
    ];
    return Math.max(1, Math.min(...turns));
  }

  function placed(waiter: Waiter): Turn {
    const other = waiter.lane === 'again' ? lanes.first : lanes.again;
    const before = lanes[waiter.lane].ahead(waiter.id);
    const ahead = before + Math.min(other.ready, before + 1);
    const tokenMs = buckets.waitMs(bucket, promised() + ahead + 1);
    const pacedMs = waiter.lane === 'first' ? pace.waitMs() + (before / refillPerSecond) * 1000 : 0;
    // The turn comes with a wake-up; looking again before would only show the same.
    return { inMs: Math.ceil(Math.max(LOOK_AGAIN_MS, tokenMs, pacedMs)), ahead };
  }

  return {
    ask(request) {
      const { id, lane } = request;
      const held = grants.get(id);
      if (held && stands(held, request)) {
        held.answered = true;
        return { inMs: 0, ahead: 0 };
      }
      withdraw(id);
      const known = lanes.again.get(id) ?? lanes.first.get(id);
      const order = request.order ?? known?.order ?? iso(clock.now());
      const waiter = { ...request, order, since: known?.since ?? clock.monotonic(), asked: true };
      if (known && known.lane !== lane) lanes[known.lane].remove(id);
      lanes[lane].put(waiter);
      settle(id);
      const granted = grants.get(id);
      if (!granted) return placed(waiter);
      granted.answered = true;
      return { inMs: 0, ahead: 0 };
    },
    commit(id) {
      const held = grants.get(id);
      if (!held || !stands(held, held.waiter)) return false;
      held.committed = true;
      return true;
    },
    spend(id) {
      const held = grants.get(id);
      if (held?.waiter.errand !== 'open' && !buckets.tryTake(bucket) && !held?.committed) return false;
      if (held) {
        held.used = true;
        onWait(clock.monotonic() - held.waiter.since);
      }
      return true;
    },
    passed(id) {
      if (grants.get(id)?.answered) withdraw(id);
      for (const lane of [lanes.again, lanes.first]) {
        const waiter = lane.get(id);
        if (waiter?.asked) waiter.asked = false;
        else lane.remove(id);
      }
      settle();
      return grants.has(id) || lanes.again.get(id) !== undefined || lanes.first.get(id) !== undefined;
    },
    settle: () => settle(),
    atWork,
    length: () => lanes.again.length + lanes.first.length,
  };

  function stands({ waiter }: Grant, { errand, ready }: TurnRequest): boolean {
    if (waiter.errand !== errand || !ready) return false;
    // AWS may have said "too fast" since.
    return errand === 'open' || buckets.waitMs(bucket, 1) === 0;
  }
}
