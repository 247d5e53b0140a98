import pg from 'pg';
import type { Logger } from 'pino';
import type { WallReading } from '../../controller/lib/time.ts';
import { heartbeatColumns } from './columns.ts';
import { clientClassOf, type DatabaseOptions } from './databaseClient.ts';
import { codeOf, storeFailure } from './databaseErrors.ts';
import { AGENT_TROUBLES, type Interruption } from './evidence.ts';
import {
  type HeartbeatStore,
  type LaunchRecord,
  launchID,
  StoreUnavailable,
  type Transitions,
} from './heartbeatStore.ts';
import { migrate } from './migrate.ts';
import * as sql from './statements.ts';

const UNDEFINED_TABLE = '42P01';
const NOT_LIMITED_THERE =
  'the pooler refuses statement_timeout, so only this side gives statements up; allow it there (ignore_startup_parameters of PgBouncer), and set it for the role in the database';
/** SQLSTATE protocol_violation, with which poolers refuse a parameter of a session. */
const PROTOCOL_VIOLATION = '08P01';

/** An answer that never comes fails a start after that, ms. Migrations only expand, which takes seconds at most. */
const MIGRATION_TIMEOUT_MS = 60_000;

export interface PostgresStoreOptions extends DatabaseOptions {
  logger: Logger;
  /** A gateway whose last beat is older counts as down; ms, several beats long. */
  gatewayGapMs?: number;
  /** How far before its cursor a read begins: longer than a write can take to become visible; ms. */
  overlapMs?: number;
  /** Limit of one statement and of getting a connection; ms. */
  timeoutMs?: number;
  poolSize?: number;
}

export interface PostgresStore extends HeartbeatStore {
  /** Whether the database has ever answered, and what the last query failed with, if it did. */
  state(): { reached: boolean; failure: string | undefined };
  close(): Promise<void>;
}

/**
 * The store on Postgres. Its first call migrates the schema, again and again until it could: a database that is away
 * at the start is no other case than one that goes away later. Works behind a transaction pooler.
 */
export function createPostgresStore(options: PostgresStoreOptions): PostgresStore {
  const { logger, gatewayGapMs = 5_000, overlapMs = 5_000, timeoutMs = 3_000, poolSize = 10 } = options;
  /** Whether the server limits a statement as well: one that the client gives up ends there too. */
  let isLimitedThere = true;
  const Client = clientClassOf(options, () => (isLimitedThere ? { statement_timeout: timeoutMs } : {}));
  const MigrationClient = clientClassOf(options, () => ({}));
  const pool = new pg.Pool({
    Client,
    application_name: 'workspace-operator',
    max: poolSize,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', (error) => logger.warn({ code: codeOf(error) }, 'idle database connection lost'));

  /** A connection of its own: the limits of statements that serve are not a migration's. */
  function migrationClient(): pg.Client {
    return new MigrationClient({
      application_name: 'workspace-migrate',
      connectionTimeoutMillis: timeoutMs,
      query_timeout: MIGRATION_TIMEOUT_MS,
    });
  }

  let reached = false;
  let failure: string | undefined;
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
      const wasLimitedThere = isLimitedThere;
      const answer = await pool.query<Row>(text, values).catch((error: unknown) => {
        if (!wasLimitedThere || codeOf(error) !== PROTOCOL_VIOLATION) throw error;
        if (isLimitedThere) logger.warn(NOT_LIMITED_THERE);
        isLimitedThere = false;
        return pool.query<Row>(text, values);
      });
      reached = true;
      failure = undefined;
      return answer;
    } catch (error) {
      // A database that came back without its tables is given them with the next call.
      if (codeOf(error) === UNDEFINED_TABLE) migrated = undefined;
      const failed = storeFailure(action, error);
      if (failed instanceof StoreUnavailable) failure = failed.message;
      else reached = true;
      throw failed;
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
    state: () => ({ reached, failure }),
    async recordHeartbeats(batch) {
      if (batch.length === 0) return new Set();
      const { rows } = await query<{ uid: string; number: number }>(
        'record heartbeats',
        sql.RECORD_HEARTBEATS,
        heartbeatColumns(batch),
      );
      return new Set(rows.map(launchID));
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
