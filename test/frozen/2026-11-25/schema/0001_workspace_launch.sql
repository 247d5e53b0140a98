-- Up Migration

-- One row a launch. Only columns that change on a transition are indexed, and pages keep room,
-- so that an ordinary heartbeat is a heap-only update.
CREATE TABLE workspace_launch (
  uid                text        NOT NULL,
  number             integer     NOT NULL,
  boot               bigint,
  seq                bigint,
  env                text,
  served_env         text,
  url                text,
  active_tasks       integer,
  agent              text,
  timeout_ms         integer,
  acknowledged       boolean     NOT NULL DEFAULT false,
  served_at          timestamptz,
  first_heartbeat_at timestamptz,
  last_heartbeat_at  timestamptz,
  -- When to look whether the launch fell silent: never later than it can have, and moved on only when looked at.
  recheck_at         timestamptz,
  silent_since       timestamptz,
  reports            integer     NOT NULL DEFAULT 0,
  created_at         timestamptz NOT NULL DEFAULT now(),
  changed_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (uid, number)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX workspace_launch_changed ON workspace_launch (changed_at);
CREATE INDEX workspace_launch_recheck ON workspace_launch (recheck_at) WHERE recheck_at IS NOT NULL;

-- One row for all gateways: since when, without a gap, at least one of them has been up.
CREATE TABLE gateway_liveness (
  one          boolean     PRIMARY KEY DEFAULT true CHECK (one),
  up_since     timestamptz NOT NULL,
  last_beat_at timestamptz NOT NULL
) WITH (fillfactor = 50);
