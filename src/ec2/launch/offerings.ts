import {
  type AskedFor,
  covers,
  type RefusalScope,
  scopeKey,
  scopeOf,
  TAKEN_BACK,
} from '../../api/launch/refusalScope.ts';
import type { Refusal } from '../../api/reasons/refusals.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { type MonoMs, msBetween, plus, type WallMs } from '../../controller/lib/time.ts';

/** An offering that EC2 refuses now, and until when it is not asked. Plain data, a fact for a pure decision. */
export interface RefusedOffering {
  readonly scope: RefusalScope;
  readonly class: Refusal;
  /** AWS's error code. */
  readonly code: string;
  readonly until: MonoMs;
  /** Until then a Workspace that would give up an instance for it leaves it to others. */
  readonly heldUntil: MonoMs;
}

/** A refusal as a Workspace's status keeps it. */
export interface RecordedRefusal extends AskedFor {
  class: Refusal;
  code: string;
  at: WallMs;
  until: WallMs;
}

export interface OfferingMemory {
  /** EC2 refused a launch that was sent at this moment. A refusal that is about that very request is not remembered. */
  refused(asked: AskedFor, failure: { class: Refusal; code: string }, sentAt: MonoMs): void;
  /**
   * EC2 took a Spot instance back soon after it was launched: its offering lacks capacity for as long as if it had been
   * refused. That EC2 accepts another one there shows nothing else.
   */
  takenBack(asked: AskedFor): void;
  /** EC2 accepted a launch that was first sent at this moment: earlier refusals that cover it are over. */
  accepted(asked: AskedFor, sentAt: MonoMs): void;
  /** A refusal on record, of this process or of one before it. */
  recorded(refusal: RecordedRefusal): void;
  /** Whether this Workspace may find out if EC2 still refuses: one at a time. */
  mayTry(uid: string, asked: AskedFor): boolean;
  /** Whether this key waits until EC2 accepts something that it refused. */
  waits(key: string, waits: boolean): void;
  /** The present refusals for this Workspace; a copy. */
  snapshot(uid: string): readonly RefusedOffering[];
}

interface Mark {
  scope: RefusalScope;
  class: Refusal;
  code: string;
  /** When EC2 said it; of what comes from a record, when it was read. */
  at: MonoMs;
  ms: number;
  until: MonoMs;
  heldUntil: MonoMs;
  /** The Workspace that tries whether it still holds, and how long others wait for that. */
  tried?: { uid: string; until: MonoMs };
}

/** An answer takes seconds. One that takes longer, or never comes, keeps others no longer than that, ms. */
const TRY_MS = 15_000;

/**
 * Remembers what EC2 refused, shared by all Workspaces, so that one learns from another's refusal. Asked again after a
 * while, and refused again, it is left alone for twice as long. 3 minutes for capacity is Karpenter's time
 * (pkg/cache, UnavailableOfferingsTTL), which also knows scopes: offering, capacity type, subnet.
 */
export function createOfferingMemory({
  clock,
  wake = () => undefined,
  capacityMs = 180_000,
  quotaMs = 30_000,
  maxMs = 900_000,
}: {
  clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Wakes a key that waits: EC2 accepts again an offering that it refused. */
  wake?: (key: string) => void;
  capacityMs?: number;
  quotaMs?: number;
  maxMs?: number;
}): OfferingMemory {
  const marks = new Map<string, Mark>();
  const waiting = new Set<string>();
  /** By scope and code: the newest record taken up, or the acceptance that overrides what was recorded before it. */
  const settledAt = new Map<string, WallMs>();
  /** The newest record with a stamp from the future: it does not date other records. */
  const aheadAt = new Map<string, WallMs>();

  const longest = Math.max(capacityMs, quotaMs, maxMs);
  const keyOf = (code: string, scope: RefusalScope) => `${code} ${scopeKey(scope)}`;

  function prune(now: MonoMs): void {
    for (const [key, mark] of marks) if (mark.heldUntil <= now) marks.delete(key);
    const wall = clock.now();
    for (const known of [settledAt, aheadAt])
      for (const [key, at] of known)
        if (msBetween(at, wall) > 4 * longest && !marks.has(key)) known.delete(key);
  }

  return {
    refused(asked, failure, sentAt) {
      const { code } = failure;
      const scope = scopeOf(code, failure.class, asked);
      if (!scope) return;
      const now: MonoMs = clock.monotonic();
      prune(now);
      const key = keyOf(code, scope);
      const known = marks.get(key);
      // Sent before the last one was answered: no more is known than was.
      if (known && sentAt <= known.at) return;
      const first = failure.class === 'capacity' ? capacityMs : quotaMs;
      const wasOver = known !== undefined && sentAt >= known.until;
      const ms = known ? Math.min(known.ms * (wasOver ? 2 : 1), longest) : first;
      const mark = { scope, class: failure.class, code, at: now, ms };
      marks.set(key, { ...mark, until: plus(now, ms), heldUntil: plus(now, 2 * ms) });
    },
    takenBack(asked) {
      this.refused(asked, { class: 'capacity', code: TAKEN_BACK }, clock.monotonic());
    },
    accepted(asked, sentAt) {
      const over = [...marks].filter(
        ([, mark]) => mark.code !== TAKEN_BACK && sentAt > mark.at && covers(mark.scope, asked),
      );
      for (const [key] of over) {
        marks.delete(key);
        settledAt.set(key, clock.now());
      }
      if (over.length === 0) return;
      for (const key of waiting) wake(key);
      waiting.clear();
    },
    recorded({ class: kind, code, at, until, ...asked }) {
      const scope = scopeOf(code, kind, asked);
      if (!scope) return;
      const key = keyOf(code, scope);
      const wall: WallMs = clock.now();
      const isAhead = at > wall;
      const taken = isAhead ? aheadAt : settledAt;
      const settled = taken.get(key);
      if (settled !== undefined && settled >= at && (isAhead || settled <= wall)) return;
      // A stamp of a clock that was set back since is worth no more than one made now.
      const ms = Math.min(msBetween(at, until), longest);
      const left = Math.min(msBetween(wall, until), ms);
      if (!(ms > 0 && left + ms > 0)) return;
      taken.set(key, at);
      const now: MonoMs = clock.monotonic();
      const known = marks.get(key);
      if (known && known.until >= plus(now, left)) return;
      const mark = { scope, class: kind, code, at: now, ms };
      marks.set(key, { ...mark, until: plus(now, left), heldUntil: plus(now, left + ms) });
    },
    waits(key, waits) {
      if (waits) waiting.add(key);
      else waiting.delete(key);
    },
    mayTry(uid, asked) {
      const now: MonoMs = clock.monotonic();
      const lapsed = [...marks.values()].filter((mark) => mark.until <= now && covers(mark.scope, asked));
      const isTried = ({ tried }: Mark) => tried !== undefined && tried.uid !== uid && tried.until > now;
      if (lapsed.some(isTried)) return false;
      for (const mark of lapsed) mark.tried = { uid, until: plus(now, TRY_MS) };
      return true;
    },
    snapshot(uid) {
      const now: MonoMs = clock.monotonic();
      prune(now);
      return [...marks.values()].map(({ scope, class: kind, code, until, heldUntil, tried }) => {
        const waits = tried && tried.uid !== uid && tried.until > until ? tried.until : until;
        return { scope, class: kind, code, until: waits, heldUntil: waits > heldUntil ? waits : heldUntil };
      });
    },
  };
}
