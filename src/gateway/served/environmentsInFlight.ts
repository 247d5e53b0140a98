import type { Clock } from '../../controller/lib/clock.ts';
import { GatewayError } from '../base/errors.ts';
import { type LaunchKey, launchID } from '../store/heartbeatStore.ts';

/** The environment of one bootstrap, from before its Secrets are read until its answer has been read. */
export interface Passage {
  /** How large it turned out to be, in bytes; until then it counts as the largest that may be. */
  holds(bytes: number): void;
  /** The answer is being sent. It may be cut off to make room, as its instance can ask again. */
  sending(cut: () => void): void;
  /** It takes no memory any more. Again: nothing happens. */
  end(): void;
}

export interface EnvironmentsInFlight {
  /**
   * @throws GatewayError `bootstrap_under_way` while the launch's own one is being read; `overloaded` while there is no
   * room, no namespace has more than this one would have, and no answer has waited for long
   */
  begin(launch: LaunchKey, namespace: string): Passage;
}

interface Entry {
  id: string;
  namespace: string;
  bytes: number;
  cut?: () => void;
  /** From when on its answer may be cut off for any other, monotonic ms. */
  overdueAt?: number;
}

/** An agent reads the largest answer in less; one that takes longer gives way where there is no room, ms. */
const PATIENCE_MS = 5_000;

/**
 * Bounds what environments take at once, in bytes: one bootstrap a launch, and all of them together. Where there is no
 * room, the namespace with the most under way gives way to one that has less: its answers that wait to be read are cut
 * off, the oldest first. So instances that never read their answers cost their own namespace, and no other one; those of
 * many namespaces at once cost another one some seconds.
 */
export function createEnvironmentsInFlight({
  mostBytes,
  largestBytes,
  clock,
}: {
  clock: Clock;
  mostBytes: number;
  largestBytes: number;
}): EnvironmentsInFlight {
  /** By launch, the oldest first. */
  const underWay = new Map<string, Entry>();
  const ofNamespace = new Map<string, number>();
  let total = 0;

  function count(entry: Entry, bytes: number): void {
    total += bytes - entry.bytes;
    const held = (ofNamespace.get(entry.namespace) ?? 0) + bytes - entry.bytes;
    if (held > 0) ofNamespace.set(entry.namespace, held);
    else ofNamespace.delete(entry.namespace);
    entry.bytes = bytes;
  }

  function end(entry: Entry): void {
    if (underWay.get(entry.id) !== entry) return;
    underWay.delete(entry.id);
    count(entry, 0);
  }

  function cutOff(entry: Entry): void {
    entry.cut?.();
    end(entry);
  }

  function makeRoom(namespace: string): boolean {
    while (total + largestBytes > mostBytes) {
      const would = (ofNamespace.get(namespace) ?? 0) + largestBytes;
      const now = clock.monotonic();
      const oldest = [...underWay.values()].find(
        ({ cut, overdueAt = now, namespace: other }) =>
          cut !== undefined && (overdueAt < now || (ofNamespace.get(other) ?? 0) > would),
      );
      if (!oldest) return false;
      cutOff(oldest);
    }
    return true;
  }

  return {
    begin(launch, namespace) {
      const id = launchID(launch);
      const earlier = underWay.get(id);
      // Its instance asks again, so it does not read the answer any more.
      if (earlier?.cut) cutOff(earlier);
      else if (earlier) throw new GatewayError('bootstrap_under_way');
      if (!makeRoom(namespace)) throw new GatewayError('overloaded');
      const entry: Entry = { id, namespace, bytes: 0 };
      underWay.set(id, entry);
      count(entry, largestBytes);
      return {
        holds(bytes) {
          if (underWay.get(id) === entry) count(entry, Math.min(bytes, largestBytes));
        },
        sending(cut) {
          entry.cut = cut;
          entry.overdueAt = clock.monotonic() + PATIENCE_MS;
        },
        end: () => end(entry),
      };
    },
  };
}
