-- Up Migration

-- What keeps the agent from its work, in its own word; null while nothing does.
ALTER TABLE workspace_launch ADD COLUMN trouble text;
