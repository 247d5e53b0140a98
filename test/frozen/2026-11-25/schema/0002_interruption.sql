-- Up Migration

-- What EC2 told the instance of its own end; null while it told nothing.
ALTER TABLE workspace_launch
  ADD COLUMN interruption_action text,
  ADD COLUMN interruption_at     timestamptz;
