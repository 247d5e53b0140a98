-- Up Migration

-- SHA-256 of the CA bundle that the agent checks the gateway's certificate with, in hex; null where it has none.
ALTER TABLE workspace_launch ADD COLUMN ca text;
