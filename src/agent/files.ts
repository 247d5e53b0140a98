import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface AgentFiles {
  /** The agent itself, a shell script. */
  script: string;
  /** Its systemd unit, which it prints as well; boot stub 1 asks for it separately. */
  unit: string;
}

const UNIT = /<<'UNIT'\n([\s\S]*?)^UNIT$/m;

/** The agent of this release. */
export function readAgentFiles(): AgentFiles {
  const script = readFileSync(join(import.meta.dirname, 'agent.sh'), 'utf8');
  const unit = UNIT.exec(script)?.[1];
  if (unit === undefined) throw new Error('agent.sh holds no systemd unit');
  return { script, unit };
}

/** What user data and paths name an agent by: SHA-256 in hex. */
export function agentDigest(script: string): string {
  return createHash('sha256').update(script).digest('hex');
}
