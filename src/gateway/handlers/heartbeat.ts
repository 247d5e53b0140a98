import { verifySession } from '../credentials.ts';
import { GatewayError } from '../errors.ts';
import type { Answer } from '../lines.ts';
import { findPresent, heartbeatTerms } from '../lookup.ts';
import type { GatewayParts } from '../parts.ts';
import { restartContext } from '../restartContext.ts';

export interface HeartbeatRequest {
  session?: string;
  number: number;
  boot: number;
  seq: number;
  env: string;
  url?: string;
  activeTasks?: number;
  agent?: string;
  acknowledged: boolean;
}

/**
 * "I live, and this is what I hold." Answered once it is stored.
 * A superseded launch is told so and leaves no trace, so it can never make its successor look alive.
 */
export async function heartbeat(parts: GatewayParts, request: HeartbeatRequest): Promise<Answer> {
  const { session, number, boot, seq, env, url, activeTasks, agent, acknowledged } = request;
  const caller = session === undefined ? undefined : verifySession(parts.keys, parts.clusterID, session);
  if (!caller) throw new GatewayError('unauthenticated');
  if (number !== caller.number) throw new GatewayError('invalid_request', ['number: not the credential’s']);
  const workspace = findPresent(parts.workspaces, caller);
  const { periodSeconds, timeoutSeconds } = heartbeatTerms(parts.classes, workspace);
  const stored = await parts.queue.submit({
    ...caller,
    boot,
    seq,
    env,
    acknowledged,
    timeoutMs: timeoutSeconds * 1000,
    ...(url !== undefined && { url }),
    ...(activeTasks !== undefined && { activeTasks }),
    ...(agent !== undefined && { agent }),
  });
  return {
    periodSeconds,
    restart: stored.acknowledged ? undefined : restartContext(workspace),
  };
}
