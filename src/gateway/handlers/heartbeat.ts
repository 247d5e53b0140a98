import { namesUnknownKey, verifySession } from '../access/credentials.ts';
import { GatewayError } from '../base/errors.ts';
import type { Answer } from '../base/lines.ts';
import { restartContext } from '../heartbeats/restartContext.ts';
import type { GatewayParts } from '../http/parts.ts';
import { findPresent, heartbeatTerms } from '../served/lookup.ts';
import type { AgentTrouble, Interruption } from '../store/evidence.ts';
import type { Heartbeat, LaunchKey } from '../store/heartbeatStore.ts';

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
 * Stores a heartbeat, and answers once it is stored.
 * A superseded launch gets 410 and leaves no trace, so it can never make its successor look alive. A launch whose Workspace
 * is not known here (we lag, or it is gone or was moved) gets 503, but its heartbeat is on record: the controller
 * must not take it for a silent orphan.
 */
export async function heartbeat(
  parts: GatewayParts,
  request: HeartbeatRequest,
  /** The launch whose session was verified; without it the request's session is. */
  caller = authenticate(parts, request.session),
): Promise<Answer> {
  const { number, ca } = request;
  if (number !== caller.number) throw new GatewayError('invalid_request', ['number: not the credential’s']);
  const said = heartbeatOf(caller.uid, request);
  if (parts.workspaces.byIndex('uid', caller.uid).length === 0) await parts.queue.submit(said);
  const workspace = findPresent(parts.workspaces, caller);
  const { periodSeconds, timeoutSeconds } = heartbeatTerms(parts.classes, workspace);
  said.timeoutMs = timeoutSeconds * 1000;
  const stored = await parts.queue.submit(said);
  const bundle = ca === undefined ? undefined : parts.caBundle();
  return {
    periodSeconds,
    ca: bundle && bundle.digest !== ca ? bundle.digest : undefined,
    restart: stored.acknowledged ? undefined : restartContext(workspace),
  };
}

function authenticate({ keys, clusterID }: GatewayParts, session: string | undefined): LaunchKey {
  const caller = session === undefined ? undefined : verifySession(keys, clusterID, session);
  if (caller) return caller;
  const newer = session !== undefined && namesUnknownKey(keys, session);
  throw new GatewayError(newer ? 'key_unknown' : 'unauthenticated');
}

/** Field by field: spreading what may be absent takes several objects for each heartbeat. */
function heartbeatOf(uid: string, request: HeartbeatRequest): Heartbeat {
  const { number, boot, seq, env, acknowledged } = request;
  const said: Heartbeat = { uid, number, boot, seq, env, acknowledged };
  if (request.url !== undefined) said.url = request.url;
  if (request.activeTasks !== undefined) said.activeTasks = request.activeTasks;
  if (request.agent !== undefined) said.agent = request.agent;
  if (request.interruption !== undefined) said.interruption = request.interruption;
  if (request.trouble !== undefined) said.trouble = request.trouble;
  if (request.ca !== undefined) said.ca = request.ca;
  return said;
}
