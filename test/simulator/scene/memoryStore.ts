import type { Clock } from '../../../src/controller/lib/clock.ts';
import {
  type Heartbeat,
  type HeartbeatStore,
  type LaunchKey,
  type LaunchRecord,
  launchID,
  StoreUnavailable,
  type Transitions,
} from '../../../src/gateway/store/heartbeatStore.ts';

/** Older beats of a gateway than this count as none, ms. */
const GATEWAY_GAP_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 90_000;

export interface Row extends LaunchRecord {
  held?: string;
  served?: string;
  timeoutMs: number;
  silentSince?: number;
  changedAt: number;
  change: number;
}

/** All that the store holds. */
export interface Rows {
  launches: readonly Row[];
  gateway?: { upSince: number; lastAt: number } | undefined;
}

/** What the Postgres store keeps, in memory and by a virtual clock; it can be away, and lose all it has. */
export interface MemoryStore extends HeartbeatStore {
  away(away: boolean): void;
  /** As a database that was set up again: without a table, until the next call has found that out. */
  empty(): void;
  rows(): Rows;
}

/** @param past what it holds at the start */
export function createMemoryStore(clock: Clock, past: Rows = { launches: [] }): MemoryStore {
  const rows = new Map(past.launches.map((row) => [launchID(row), { ...row }]));
  let beats = past.gateway && { ...past.gateway };
  let isAway = false;
  let isBare = false;
  let changes = Math.max(0, ...past.launches.map(({ change }) => change));

  async function answer<T>(work: () => T): Promise<T> {
    if (isAway) throw new StoreUnavailable('the database is away');
    if (isBare) {
      isBare = false;
      throw new StoreUnavailable('the database has no tables');
    }
    return work();
  }

  function rowOf({ uid, number }: LaunchKey): Row {
    const id = launchID({ uid, number });
    const known = rows.get(id);
    if (known) return known;
    const common = {
      fresh: false,
      reports: 0,
      acknowledged: false,
      version: '0',
      timeoutMs: DEFAULT_TIMEOUT_MS,
    };
    const row: Row = { uid, number, ...common, changedAt: Number.NEGATIVE_INFINITY, change: 0 };
    rows.set(id, row);
    return row;
  }

  function touch(row: Row): void {
    changes += 1;
    row.changedAt = clock.now();
    row.change = changes;
  }

  const isUp = () => beats !== undefined && beats.lastAt > clock.now() - GATEWAY_GAP_MS;

  function record(row: Row): LaunchRecord {
    const { held, served, timeoutMs: _timeout, silentSince, changedAt: _at, change, ...rest } = row;
    const env = row.firstHeartbeatAt === undefined ? served : held;
    const fresh = row.firstHeartbeatAt !== undefined && silentSince === undefined;
    return { ...rest, fresh, version: String(change), ...(env !== undefined && { env }) };
  }

  function read(keep: (row: Row) => boolean): Transitions {
    const now = clock.now();
    return {
      cursor: String(now),
      gatewayUp: isUp(),
      gatewayUpMs: isUp() && beats ? now - beats.upSince : 0,
      rows: [...rows.values()].filter(keep).map(record),
    };
  }

  function hear(said: Heartbeat): { acknowledged: boolean } | undefined {
    const row = rowOf(said);
    const { boot, seq, env, url, interruption, trouble } = said;
    if (row.boot !== undefined && (boot < row.boot || (boot === row.boot && seq <= (row.seq ?? 0))))
      return undefined;
    const same =
      row.boot === boot &&
      row.held === env &&
      row.url === url &&
      row.trouble === trouble &&
      row.silentSince === undefined;
    const isNews = !same || JSON.stringify(row.interruption) !== JSON.stringify(interruption);
    row.timeoutMs = said.timeoutMs ?? row.timeoutMs;
    row.acknowledged ||= said.acknowledged;
    Object.assign(row, { boot, seq, held: env, url, interruption, trouble, lastHeartbeatAt: clock.now() });
    row.firstHeartbeatAt ??= clock.now();
    delete row.silentSince;
    if (isNews) touch(row);
    return { acknowledged: row.acknowledged };
  }

  function silence(row: Row): boolean {
    if (!beats || !isUp() || row.lastHeartbeatAt === undefined || row.silentSince !== undefined) return false;
    const lostAt = Math.max(row.lastHeartbeatAt, beats.upSince) + row.timeoutMs;
    if (lostAt > clock.now() || lostAt > beats.lastAt) return false;
    row.silentSince = clock.now();
    touch(row);
    return true;
  }

  return {
    away(away) {
      isAway = away;
    },
    empty() {
      rows.clear();
      beats = undefined;
      isBare = true;
    },
    rows: () => ({ launches: [...rows.values()].map((row) => ({ ...row })), gateway: beats && { ...beats } }),
    recordHeartbeats: (batch) =>
      answer(() => {
        const heard = batch.filter((said) => hear(said)?.acknowledged);
        return new Set(heard.map(launchID));
      }),
    recordServed: (launch, env) =>
      answer(() => {
        const row = rowOf(launch);
        row.served = env;
        touch(row);
      }),
    recordReport: (launch, outcome) =>
      answer(() => {
        const row = rowOf(launch);
        row.reports += 1;
        if (outcome === 'forwarded') touch(row);
      }),
    recordTrouble: (launch, trouble) =>
      answer(() => {
        const row = rowOf(launch);
        if (row.trouble === trouble) return;
        row.trouble = trouble;
        touch(row);
      }),
    countBundles: () => answer(() => new Map<string, number>()),
    find: (launch) =>
      answer(() => {
        const row = rows.get(launchID(launch));
        return row && record(row);
      }),
    readAll: () => answer(() => read(() => true)),
    transitions: (cursor) =>
      answer(() => read(({ changedAt }) => changedAt >= Number(cursor) - GATEWAY_GAP_MS)),
    markSilent: () => answer(() => [...rows.values()].filter(silence).length),
    gatewayUp: () =>
      answer(() => {
        beats = { upSince: isUp() && beats ? beats.upSince : clock.now(), lastAt: clock.now() };
      }),
    prune: () => answer(() => 0),
  };
}
