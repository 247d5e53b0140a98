import { type OfferingID, offeringKey } from '../api/offering.ts';
import type { Clock } from '../controller/clock.ts';

/** Offerings that refused lately: key → monotonic ms until which they are not asked again. Plain data, a fact for a pure decision. */
export type UnavailableOfferings = ReadonlyMap<string, number>;

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
  const until = new Map<string, number>();
  return {
    markUnavailable: (offering) => void until.set(offeringKey(offering), clock.monotonic() + ttlMs),
    snapshot() {
      const now = clock.monotonic();
      for (const [key, expiresAt] of until) if (expiresAt <= now) until.delete(key);
      return new Map(until);
    },
  };
}
