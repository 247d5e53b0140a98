/** The store's SQL. `now()` is the database's clock; no caller's clock ever enters a row. (When EC2 ends an instance is EC2's word.) */

const ROW = `
  l.uid, l.number, l.boot::float8 AS boot, l.seq::float8 AS seq,
  CASE WHEN l.first_heartbeat_at IS NULL THEN l.served_env ELSE l.env END AS env,
  l.url, l.acknowledged, l.reports, l.trouble,
  l.interruption_action AS "interruptionAction",
  (extract(epoch FROM l.interruption_at) * 1000)::float8 AS "interruptionAt",
  (extract(epoch FROM l.first_heartbeat_at) * 1000)::float8 AS "firstHeartbeatAt",
  (extract(epoch FROM l.last_heartbeat_at) * 1000)::float8 AS "lastHeartbeatAt",
  l.first_heartbeat_at IS NOT NULL AND l.silent_since IS NULL AS fresh,
  extract(epoch FROM l.changed_at)::text AS version`;

const GATEWAY_UP = `
  coalesce((SELECT last_beat_at > now() - $1::float8 * interval '1 ms' FROM gateway_liveness WHERE one), false)
    AS "gatewayUp",
  coalesce((SELECT extract(epoch FROM now() - up_since) * 1000 FROM gateway_liveness
            WHERE one AND last_beat_at > now() - $1::float8 * interval '1 ms'), 0)::float8 AS "gatewayUpMs"`;

/**
 * $1…$14: one array a column. Rows are locked in key order, so that two replicas' batches can't deadlock. Without a timeout
 * the launch keeps its last one, or gets the default of a class. That one is looked up for these rows alone: as a join it was a scan of
 * the whole table for each batch. Answers which launches have an acknowledgement.
 */
export const RECORD_HEARTBEATS = `
  WITH stored AS (
  INSERT INTO workspace_launch AS l
    (uid, number, boot, seq, env, url, active_tasks, agent, timeout_ms, acknowledged,
     interruption_action, interruption_at, trouble, ca, first_heartbeat_at, last_heartbeat_at, recheck_at)
  SELECT h.*, now(), now(), now() + h.timeout_ms * interval '1 ms'
  FROM (
    SELECT b.uid, b.number, b.boot, b.seq, b.env, b.url, b.active_tasks, b.agent,
           coalesce(b.timeout_ms,
                    (SELECT k.timeout_ms FROM workspace_launch k WHERE k.uid = b.uid AND k.number = b.number),
                    90000) AS timeout_ms, b.acknowledged,
           b.interruption_action, b.interruption_at, b.trouble, b.ca
    FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::text[],
                $9::int[], $10::boolean[], $11::text[], $12::timestamptz[], $13::text[], $14::text[])
      AS b (uid, number, boot, seq, env, url, active_tasks, agent, timeout_ms, acknowledged,
            interruption_action, interruption_at, trouble, ca)
  ) AS h
  ORDER BY h.uid, h.number
  ON CONFLICT (uid, number) DO UPDATE SET
    boot = excluded.boot, seq = excluded.seq, env = excluded.env, url = excluded.url,
    active_tasks = excluded.active_tasks, agent = excluded.agent, timeout_ms = excluded.timeout_ms,
    acknowledged = l.acknowledged OR excluded.acknowledged,
    interruption_action = excluded.interruption_action, interruption_at = excluded.interruption_at,
    trouble = excluded.trouble, ca = excluded.ca,
    first_heartbeat_at = coalesce(l.first_heartbeat_at, now()),
    last_heartbeat_at = now(),
    silent_since = NULL,
    recheck_at = CASE WHEN l.recheck_at IS NULL OR excluded.timeout_ms < l.timeout_ms
                      THEN excluded.recheck_at ELSE l.recheck_at END,
    changed_at = CASE WHEN l.first_heartbeat_at IS NULL OR l.silent_since IS NOT NULL
                        OR excluded.boot <> l.boot OR excluded.env <> l.env
                        OR excluded.url IS DISTINCT FROM l.url
                        OR excluded.trouble IS DISTINCT FROM l.trouble
                        OR (excluded.interruption_action, excluded.interruption_at)
                           IS DISTINCT FROM (l.interruption_action, l.interruption_at)
                      THEN now() ELSE l.changed_at END
  WHERE l.boot IS NULL OR (excluded.boot, excluded.seq) > (l.boot, l.seq)
  RETURNING uid, number, acknowledged
  )
  SELECT uid, number FROM stored WHERE acknowledged`;

export const RECORD_SERVED = `
  INSERT INTO workspace_launch AS l (uid, number, served_env, served_at) VALUES ($1, $2, $3, now())
  ON CONFLICT (uid, number) DO UPDATE SET served_env = excluded.served_env, served_at = now(), changed_at = now()`;

/** A repeated word is no transition. */
export const RECORD_TROUBLE = `
  INSERT INTO workspace_launch AS l (uid, number, trouble) VALUES ($1, $2, $3)
  ON CONFLICT (uid, number) DO UPDATE SET trouble = $3, changed_at = now() WHERE l.trouble IS DISTINCT FROM $3`;

export const COUNT_BUNDLES = `
  SELECT ca, count(*)::int AS launches FROM workspace_launch
  WHERE ca IS NOT NULL AND first_heartbeat_at IS NOT NULL AND silent_since IS NULL
  GROUP BY ca`;

/** $3: whether the report is to make the loop look. */
export const RECORD_REPORT = `
  INSERT INTO workspace_launch AS l (uid, number, reports, changed_at)
  VALUES ($1, $2, 1, CASE WHEN $3::boolean THEN now() ELSE 'epoch' END)
  ON CONFLICT (uid, number) DO UPDATE SET
    reports = l.reports + 1, changed_at = CASE WHEN $3::boolean THEN now() ELSE l.changed_at END`;

export const FIND = `SELECT ${ROW} FROM workspace_launch l WHERE l.uid = $1 AND l.number = $2`;

/** $1: how old the last beat of a live gateway may be, in ms. One row without a uid when there is none. */
export const READ_ALL = `
  SELECT now()::text AS cursor, ${GATEWAY_UP}, ${ROW}
  FROM (VALUES (1)) AS one LEFT JOIN workspace_launch l ON true`;

/** $2: cursor. $3: overlap in ms. A cursor ahead of a database whose clock went back is pulled back with it. */
export const TRANSITIONS = `
  SELECT now()::text AS cursor, ${GATEWAY_UP}, ${ROW}
  FROM (VALUES (1)) AS one
  LEFT JOIN workspace_launch l
    ON l.changed_at >= least($2::timestamptz, now()) - $3::float8 * interval '1 ms'`;

/**
 * $1: how old the last beat of a live gateway may be, in ms.
 * Silence counts from the later of the last heartbeat and the moment since which gateways have been up without a gap,
 * to the last beat of one. Launches that are not lost yet are looked at again when they can be.
 */
export const MARK_SILENT = `
  WITH due AS (
    SELECT l.uid, l.number, g.last_beat_at,
           greatest(l.last_heartbeat_at, g.up_since) + l.timeout_ms * interval '1 ms' AS lost_at
    FROM workspace_launch l,
         -- The limit tells the planner what the table's constraint doesn't: one row.
         (SELECT * FROM gateway_liveness WHERE last_beat_at > now() - $1::float8 * interval '1 ms' LIMIT 1) g
    WHERE l.recheck_at <= now()
    ORDER BY l.recheck_at
    LIMIT 1000
    FOR UPDATE OF l SKIP LOCKED
  )
  UPDATE workspace_launch l SET
    recheck_at = CASE WHEN due.lost_at > due.last_beat_at THEN greatest(due.lost_at, now()) END,
    silent_since = CASE WHEN due.lost_at <= due.last_beat_at THEN now() END,
    changed_at = CASE WHEN due.lost_at <= due.last_beat_at THEN now() ELSE l.changed_at END
  FROM due
  WHERE l.uid = due.uid AND l.number = due.number
  RETURNING l.silent_since IS NOT NULL AS silent`;

/** $1: a gap longer than this (ms) starts the count of silence again. */
export const GATEWAY_BEAT = `
  INSERT INTO gateway_liveness AS g (up_since, last_beat_at) VALUES (now(), now())
  ON CONFLICT (one) DO UPDATE SET
    up_since = CASE WHEN g.last_beat_at < now() - $1::float8 * interval '1 ms' THEN now() ELSE g.up_since END,
    last_beat_at = greatest(g.last_beat_at, now())`;

/** $1: age in ms. */
export const PRUNE = `
  DELETE FROM workspace_launch
  WHERE greatest(created_at, changed_at, last_heartbeat_at, served_at) < now() - $1::float8 * interval '1 ms'`;
