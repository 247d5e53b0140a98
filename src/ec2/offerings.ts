import { type OfferingID, offeringKey } from '../api/offering.ts';
import type { Clock } from '../controller/clock.ts';
import { type MonoMs, plus } from '../controller/time.ts';

/** Offerings that refused lately: key → until when they are not asked again. Plain data, a fact for a pure decision. */
export type UnavailableOfferings = ReadonlyMap<string, MonoMs>;

export interface OfferingMemory {
  /** EC2 said that it has no capacity there just now. */
  markUnavailable(offering: OfferingID): void;
  /** What is unavailable at this moment; a copy. */
  snapshot(): UnavailableOfferings;
}

/**
 * Remembers offerings that refused, shared by all Workspaces, so that one learns from another's refusal.
 * The default of 3 minutes is Karpenter's (pkg/cache, UnavailableOfferingsTTL).
 */
export function createOfferingMemory({
  clock,
  ttlMs = 180_000,
}: {
  clock: Clock;
  ttlMs?: number;
}): OfferingMemory {
  const until = new Map<string, MonoMs>();
  return {
    markUnavailable: (offering) => void until.set(offeringKey(offering), plus(clock.monotonic(), ttlMs)),
    snapshot() {
      const now: MonoMs = clock.monotonic();
      for (const [key, expiresAt] of until) if (expiresAt <= now) until.delete(key);
      return new Map(until);
    },
  };
}
