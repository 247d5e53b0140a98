import type { Workspace } from '../../api/kinds/workspace.ts';
import { namesUnknownKey, type ProvenLaunch, verifySession } from '../access/credentials.ts';
import { GatewayError } from '../base/errors.ts';
import type { Answer } from '../base/lines.ts';
import { restartContext } from '../heartbeats/restartContext.ts';
import type { GatewayParts } from '../http/parts.ts';
import { findPresent, heartbeatTerms } from '../served/lookup.ts';
import type { AgentTrouble, Interruption } from '../store/evidence.ts';
import type { Heartbeat } from '../store/heartbeatStore.ts';

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

/** Gets the answer to a heartbeat, or the error. It must not throw. */
export type Answered = (answer: Answer | undefined, error?: unknown) => void;

/**
 * Stores a heartbeat of the launch whose session it shows, and answers once it is stored.
 * A superseded launch gets 410 and leaves no trace, so it can never make its successor look alive. A launch whose Workspace
 * is not known here (we lag, or it is gone or was moved) gets 503, but its heartbeat is on record: the controller
 * must not take it for a silent orphan.
 */
export function heartbeat(parts: GatewayParts, request: HeartbeatRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const launch = authenticate(parts, request.session);
    takeHeartbeat(parts, request, launch, (answer, error) => (answer ? resolve(answer) : reject(error)));
  });
}

/** The same for a launch whose session was verified, without a promise, which costs each heartbeat. */
export function takeHeartbeat(
  parts: GatewayParts,
  request: HeartbeatRequest,
  launch: ProvenLaunch,
  answered: Answered,
): void {
  if (request.number !== launch.number) {
    answered(undefined, new GatewayError('invalid_request', ['number: not the credential’s']));
    return;
  }
  const said = heartbeatOf(launch.uid, request);
  const isKnown = parts.workspaces.byIndex('uid', launch.uid).length > 0;
  if (isKnown) return void storePresent(parts, said, launch, answered);
  parts.queue.add(launch.id, said, (outcome, error) => {
    if (outcome) storePresent(parts, said, launch, answered);
    else answered(undefined, error);
  });
}

function storePresent(parts: GatewayParts, said: Heartbeat, launch: ProvenLaunch, answered: Answered): void {
  let workspace: Workspace;
  try {
    workspace = findPresent(parts.workspaces, launch);
  } catch (error) {
    return void answered(undefined, error);
  }
  const { periodSeconds, timeoutSeconds } = heartbeatTerms(parts.classes, workspace);
  said.timeoutMs = timeoutSeconds * 1000;
  parts.queue.add(launch.id, said, (outcome, error) => {
    if (!outcome) return void answered(undefined, error);
    const { ca } = said;
    const bundle = ca === undefined ? undefined : parts.caBundle();
    answered({
      periodSeconds,
      ca: bundle && bundle.digest !== ca ? bundle.digest : undefined,
      restart: outcome.acknowledged ? undefined : restartContext(workspace),
    });
  });
}

function authenticate({ keys, clusterID }: GatewayParts, session: string | undefined): ProvenLaunch {
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
