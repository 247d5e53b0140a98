import { namesUnknownKey, verifySession } from '../credentials.ts';
import { GatewayError } from '../errors.ts';
import type { AgentTrouble, Interruption } from '../evidence.ts';
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
  interruption?: Interruption;
  trouble?: AgentTrouble;
  ca?: string;
}

/**
 * "I live, and this is what I hold." Answered once it is stored.
 * A superseded launch is told so and leaves no trace, so it can never make its successor look alive. One whose Workspace
 * is not known here (we lag, or it is gone or was moved) is told to come again, but that it lives is on record: nobody
 * must take it for an orphan.
 */
export async function heartbeat(parts: GatewayParts, request: HeartbeatRequest): Promise<Answer> {
  const {
    session,
    number,
    boot,
    seq,
    env,
    url,
    activeTasks,
    agent,
    acknowledged,
    interruption,
    trouble,
    ca,
  } = request;
  if (session !== undefined && namesUnknownKey(parts.keys, session)) throw new GatewayError('key_unknown');
  const caller = session === undefined ? undefined : verifySession(parts.keys, parts.clusterID, session);
  if (!caller) throw new GatewayError('unauthenticated');
  if (number !== caller.number) throw new GatewayError('invalid_request', ['number: not the credential’s']);
  const said = {
    ...caller,
    boot,
    seq,
    env,
    acknowledged,
    ...(url !== undefined && { url }),
    ...(activeTasks !== undefined && { activeTasks }),
    ...(agent !== undefined && { agent }),
    ...(interruption !== undefined && { interruption }),
    ...(trouble !== undefined && { trouble }),
    ...(ca !== undefined && { ca }),
  };
  if (parts.workspaces.byIndex('uid', caller.uid).length === 0) await parts.queue.submit(said);
  const workspace = findPresent(parts.workspaces, caller);
  const { periodSeconds, timeoutSeconds } = heartbeatTerms(parts.classes, workspace);
  const stored = await parts.queue.submit({ ...said, timeoutMs: timeoutSeconds * 1000 });
  const bundle = ca === undefined ? undefined : parts.caBundle();
  return {
    periodSeconds,
    ...(bundle && bundle.digest !== ca && { ca: bundle.digest }),
    restart: stored.acknowledged ? undefined : restartContext(workspace),
  };
}
