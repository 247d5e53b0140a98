import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Facts } from '../base/model.ts';

/** Outcomes of calls: `executed` is whether the cloud carried it out, `answered` whether the caller got an answer. */
export interface CallCount {
  action: string;
  dryRun: boolean;
  /** 'ok', or the error's code; 'lost' when the request never reached the cloud. */
  outcome: string;
  answered: boolean;
  count: number;
}

/** One call, what it said of itself, and how long after it was sent it was carried out, ms. */
export type Carried = Omit<CallCount, 'count'> & { facts: Facts; afterMs: number };

/** One accepted RunInstances that made an instance; replays of its token are not provisions. */
export interface Provision {
  instanceID: string;
  clientToken: string | undefined;
  tags: Readonly<Record<string, string>>;
  instanceType: string;
  zone: string;
  /** Wall time, ISO 8601. */
  at: string;
}

/** An instance that was live and was asked to end, once however often it was asked. */
export interface Termination {
  instanceID: string;
  tags: Readonly<Record<string, string>>;
  at: string;
}

/** The cloud's own books: what was asked and what was really done, for tests and people to audit the operator by. */
export interface Ledger {
  call(call: Carried): void;
  /** Receives each call when it is over. */
  onCall(listener: (call: Carried) => void): void;
  provision(entry: Omit<Provision, 'at'>): void;
  termination(entry: Omit<Termination, 'at'>): void;
  calls(): CallCount[];
  /** Sum over what matches; without a filter for dryRun, real calls only. */
  count(action: string, match?: { dryRun?: boolean; outcome?: string; answered?: boolean }): number;
  provisions(): readonly Provision[];
  terminations(): readonly Termination[];
}

export function createLedger(clock: Clock): Ledger {
  const counts = new Map<string, CallCount>();
  const provisions: Provision[] = [];
  const terminations: Termination[] = [];
  const listeners: ((call: Carried) => void)[] = [];
  const stamp = () => new Date(clock.now()).toISOString();
  return {
    call(carried) {
      const { action, dryRun, outcome, answered } = carried;
      const key = `${action} ${dryRun} ${outcome} ${answered}`;
      const entry = counts.get(key) ?? { action, dryRun, outcome, answered, count: 0 };
      entry.count += 1;
      counts.set(key, entry);
      for (const listener of listeners) listener(carried);
    },
    onCall: (listener) => void listeners.push(listener),
    provision: (entry) => void provisions.push({ ...entry, at: stamp() }),
    termination: (entry) => void terminations.push({ ...entry, at: stamp() }),
    calls: () => [...counts.values()].map((entry) => ({ ...entry })),
    count(action, match = {}) {
      let sum = 0;
      for (const entry of counts.values()) {
        if (entry.action !== action || entry.dryRun !== (match.dryRun ?? false)) continue;
        if (match.outcome !== undefined && entry.outcome !== match.outcome) continue;
        if (match.answered !== undefined && entry.answered !== match.answered) continue;
        sum += entry.count;
      }
      return sum;
    },
    provisions: () => provisions,
    terminations: () => terminations,
  };
}
