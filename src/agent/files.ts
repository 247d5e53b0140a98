import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The agent and its systemd unit, as the gateway serves them. */
export async function readAgentFiles(): Promise<{ script: string; unit: string }> {
  const read = (name: string) => readFile(join(import.meta.dirname, name), 'utf8');
  const [script, unit] = await Promise.all([read('agent.sh'), read('workspace-agent.service')]);
  return { script, unit };
}
