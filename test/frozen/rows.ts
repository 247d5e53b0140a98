import type { Row, Rows } from '../simulator/scene/memoryStore.ts';

/** A row of the table `workspace_launch`, columns and all; times in ISO 8601. */
interface LaunchRow {
  uid: string;
  number: number;
  boot: number | null;
  seq: number | null;
  env: string | null;
  served_env: string | null;
  url: string | null;
  timeout_ms: number | null;
  acknowledged: boolean;
  reports: number;
  interruption_action: string | null;
  interruption_at: string | null;
  first_heartbeat_at: string | null;
  last_heartbeat_at: string | null;
  silent_since: string | null;
  changed_at: string;
}

/** The database as far as decisions depend on it. */
export interface RowsOnRecord {
  workspace_launch: LaunchRow[];
  /** The row of `gateway_liveness`. */
  gateway_liveness: { up_since: string; last_beat_at: string } | null;
}

const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
const ms = (text: string | null) => (text === null ? undefined : Date.parse(text));

export function toColumns({ launches, gateway }: Rows): RowsOnRecord {
  return {
    workspace_launch: launches.map((row) => ({
      uid: row.uid,
      number: row.number,
      boot: row.boot ?? null,
      seq: row.seq ?? null,
      env: row.held ?? null,
      served_env: row.served ?? null,
      url: row.url ?? null,
      timeout_ms: row.boot === undefined ? null : row.timeoutMs,
      acknowledged: row.acknowledged,
      reports: row.reports,
      interruption_action: row.interruption?.action ?? null,
      interruption_at: time(row.interruption?.at),
      first_heartbeat_at: time(row.firstHeartbeatAt),
      last_heartbeat_at: time(row.lastHeartbeatAt),
      silent_since: time(row.silentSince),
      changed_at: new Date(row.changedAt).toISOString(),
    })),
    gateway_liveness: gateway
      ? {
          up_since: new Date(gateway.upSince).toISOString(),
          last_beat_at: new Date(gateway.lastAt).toISOString(),
        }
      : null,
  };
}

/** What the store of the simulator makes of them. */
export function fromColumns({ workspace_launch, gateway_liveness: gateway }: RowsOnRecord): Rows {
  return {
    launches: workspace_launch.map(toRow),
    gateway: gateway
      ? { upSince: Date.parse(gateway.up_since), lastAt: Date.parse(gateway.last_beat_at) }
      : undefined,
  };
}

function toRow(row: LaunchRow, index: number): Row {
  const at = ms(row.interruption_at);
  const known = {
    boot: row.boot ?? undefined,
    seq: row.seq ?? undefined,
    held: row.env ?? undefined,
    served: row.served_env ?? undefined,
    url: row.url ?? undefined,
    interruption: at === undefined ? undefined : { action: row.interruption_action as 'terminate', at },
    firstHeartbeatAt: ms(row.first_heartbeat_at),
    lastHeartbeatAt: ms(row.last_heartbeat_at),
    silentSince: ms(row.silent_since),
  };
  return {
    uid: row.uid,
    number: row.number,
    fresh: false,
    reports: row.reports,
    acknowledged: row.acknowledged,
    version: '0',
    timeoutMs: row.timeout_ms ?? 90_000,
    changedAt: Date.parse(row.changed_at),
    change: index + 1,
    // Absent, not undefined: rows are compared and spread.
    ...(JSON.parse(JSON.stringify(known)) as Partial<Row>),
  };
}
