import pg from 'pg';
import type { Logger } from 'pino';
import type { WallReading } from '../controller/time.ts';
import { AGENT_TROUBLES, type Interruption } from './evidence.ts';
import {
  type Heartbeat,
  type HeartbeatStore,
  type LaunchRecord,
  launchID,
  StoreRefused,
  StoreUnavailable,
  type Transitions,
} from './heartbeatStore.ts';
import { MigrationLocked, migrate } from './migrate.ts';
import * as sql from './statements.ts';

const UNDEFINED_TABLE = '42P01';
/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation): a row is to blame. */
const REFUSED = /^2[23][0-9A-Z]{3}$/;

/** An answer that never comes fails a start after that, ms. Migrations only expand, which takes seconds at most. */
const MIGRATION_TIMEOUT_MS = 60_000;

export interface PostgresStoreOptions {
  databaseURL: string;
  logger: Logger;
  /** A gateway whose last beat is older counts as down; ms, several beats long. */
  gatewayGapMs?: number;
  /** How far before its cursor a read begins: longer than a write can take to become visible; ms. */
  overlapMs?: number;
  /** Limit of one statement and of getting a connection; ms. */
  timeoutMs?: number;
  poolSize?: number;
}

/**
 * The store on Postgres. Its first call migrates the schema, again and again until it could: a database that is away
 * at the start is no other case than one that goes away later. Works behind a transaction pooler.
 */
export function createPostgresStore(
  options: PostgresStoreOptions,
): HeartbeatStore & { close(): Promise<void> } {
  const { logger, gatewayGapMs = 5_000, overlapMs = 5_000, timeoutMs = 3_000, poolSize = 10 } = options;
  const pool = new pg.Pool({
    connectionString: options.databaseURL,
    application_name: 'workspace-operator',
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', (error) => logger.warn({ code: codeOf(error) }, 'idle database connection lost'));

  /** A connection of its own: the limits of statements that serve are not a migration's. */
  function migrationClient(): pg.Client {
    return new pg.Client({
      connectionString: options.databaseURL,
      application_name: 'workspace-migrate',
      connectionTimeoutMillis: timeoutMs,
      query_timeout: MIGRATION_TIMEOUT_MS,
    });
  }

  let migrated: Promise<void> | undefined;
  function ensureMigrated(): Promise<void> {
    migrated ??= migrate({ client: migrationClient(), logger }).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    return migrated;
  }

  async function query<Row extends pg.QueryResultRow>(action: string, text: string, values: unknown[]) {
    try {
      await ensureMigrated();
      return await pool.query<Row>(text, values);
    } catch (error) {
      // A database that came back without its tables is given them with the next call.
      if (codeOf(error) === UNDEFINED_TABLE) migrated = undefined;
      throw failure(action, error);
    }
  }

  async function read(action: string, text: string, values: unknown[]): Promise<Transitions> {
    const { rows } = await query<Row & Omit<Transitions, 'rows'>>(action, text, values);
    const [first] = rows;
    if (!first) throw new StoreUnavailable(`${action}: the database answered without its clock`);
    return {
      cursor: first.cursor,
      gatewayUp: first.gatewayUp,
      gatewayUpMs: first.gatewayUpMs,
      rows: rows.filter((row) => row.uid !== null).map(toRecord),
    };
  }

  return {
    async recordHeartbeats(batch) {
      if (batch.length === 0) return new Map();
      const { rows } = await query<{ uid: string; number: number; acknowledged: boolean }>(
        'record heartbeats',
        sql.RECORD_HEARTBEATS,
        columns(batch),
      );
      return new Map(rows.map((row) => [launchID(row), { acknowledged: row.acknowledged }]));
    },
    async recordServed({ uid, number }, env) {
      await query('record what is served', sql.RECORD_SERVED, [uid, number, env]);
    },
    async recordReport({ uid, number }, outcome) {
      await query('record a report', sql.RECORD_REPORT, [uid, number, outcome === 'forwarded']);
    },
    async recordTrouble({ uid, number }, trouble) {
      await query('record a trouble', sql.RECORD_TROUBLE, [uid, number, trouble]);
    },
    async countBundles() {
      const { rows } = await query<{ ca: string; launches: number }>(
        'count CA bundles',
        sql.COUNT_BUNDLES,
        [],
      );
      return new Map(rows.map(({ ca, launches }) => [ca, launches]));
    },
    async find({ uid, number }) {
      const { rows } = await query<Row>('find a launch', sql.FIND, [uid, number]);
      return rows[0] && toRecord(rows[0]);
    },
    readAll: () => read('read all launches', sql.READ_ALL, [gatewayGapMs]),
    transitions: (cursor) => read('read transitions', sql.TRANSITIONS, [gatewayGapMs, cursor, overlapMs]),
    async markSilent() {
      const { rows } = await query<{ silent: boolean }>('mark the silent', sql.MARK_SILENT, [gatewayGapMs]);
      return rows.filter(({ silent }) => silent).length;
    },
    async gatewayUp() {
      await query('record the gateway as up', sql.GATEWAY_BEAT, [gatewayGapMs]);
    },
    async prune(olderThanMs) {
      return (await query('prune', sql.PRUNE, [olderThanMs])).rowCount ?? 0;
    },
    close: () => pool.end(),
  };
}

interface Row extends pg.QueryResultRow {
  uid: string | null;
  number: number;
  boot: number | null;
  seq: number | null;
  env: string | null;
  url: string | null;
  interruptionAction: Interruption['action'] | null;
  interruptionAt: WallReading | null;
  trouble: string | null;
  acknowledged: boolean;
  reports: number;
  firstHeartbeatAt: WallReading | null;
  lastHeartbeatAt: WallReading | null;
  fresh: boolean;
  version: string;
}

function toRecord(row: Row): LaunchRecord {
  const { uid, boot, seq, env, url, interruptionAction, interruptionAt } = row;
  const { firstHeartbeatAt, lastHeartbeatAt } = row;
  // A later release's gateway may know more words.
  const trouble = AGENT_TROUBLES.find((word) => word === row.trouble);
  return {
    uid: uid ?? '',
    number: row.number,
    fresh: row.fresh,
    reports: row.reports,
    acknowledged: row.acknowledged,
    version: row.version,
    ...(boot !== null && { boot }),
    ...(seq !== null && { seq }),
    ...(env !== null && { env }),
    ...(url !== null && { url }),
    ...(interruptionAction !== null &&
      interruptionAt !== null && { interruption: { action: interruptionAction, at: interruptionAt } }),
    ...(trouble !== undefined && { trouble }),
    ...(firstHeartbeatAt !== null && { firstHeartbeatAt }),
    ...(lastHeartbeatAt !== null && { lastHeartbeatAt }),
  };
}

function columns(batch: readonly Heartbeat[]): unknown[] {
  const column = <T>(pick: (heartbeat: Heartbeat) => T) => batch.map(pick);
  return [
    column((h) => h.uid),
    column((h) => h.number),
    column((h) => h.boot),
    column((h) => h.seq),
    column((h) => h.env),
    column((h) => h.url ?? null),
    column((h) => h.activeTasks ?? null),
    column((h) => h.agent ?? null),
    column((h) => h.timeoutMs ?? null),
    column((h) => h.acknowledged),
    column((h) => h.interruption?.action ?? null),
    column((h) => h.interruption && new Date(h.interruption.at).toISOString()),
    column((h) => h.trouble ?? null),
    column((h) => h.ca ?? null),
  ];
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  // What has no code is an error of ours or of the library's, which may quote the server's words after the first line.
  return error instanceof Error ? error.message.split('\n', 1).join('').slice(0, 200) : 'unknown';
}

/** Postgres quotes values in its messages and details, so only the code leaves this file. */
function failure(action: string, error: unknown): StoreUnavailable | StoreRefused {
  if (error instanceof pg.DatabaseError && REFUSED.test(codeOf(error)))
    return new StoreRefused(`could not ${action}: the database refuses the data (SQLSTATE ${codeOf(error)})`);
  if (error instanceof MigrationLocked) return new StoreUnavailable(`could not ${action}: ${error.message}`);
  return new StoreUnavailable(
    `could not ${action}: the database answered ${codeOf(error)}; check DATABASE_URL, and that the database is up`,
  );
}
