import { matchesDigest, mergeEnvironment, type SecretData } from '../../api/environment.ts';
import type { Workspace } from '../../api/workspace.ts';
import { createSession, namesUnknownKey, verifySession, verifyTicket } from '../credentials.ts';
import { GatewayError } from '../errors.ts';
import type { LaunchKey } from '../heartbeatStore.ts';
import type { Answer } from '../lines.ts';
import { findPresent, heartbeatTerms } from '../lookup.ts';
import type { GatewayParts } from '../parts.ts';

export interface BootstrapRequest {
  uid?: string;
  number?: number;
  ticket?: string;
  /** The instance identity document, byte for byte. */
  document?: string;
  /** Base64. */
  signature?: string;
  /** The session credential of an earlier bootstrap. */
  session?: string;
}

/**
 * Who are you, and here is your environment. Served only if in one version of the Workspace all holds: it isn't being
 * deleted, the caller's launch is the present one and open, and the content has the digest `desired.env`.
 * What is served is on record before it is answered, so that an instance never holds what nobody knows of.
 */
export async function bootstrap(parts: GatewayParts, request: BootstrapRequest): Promise<Answer> {
  const caller = authenticate(parts, request);
  const first = openPresent(parts, caller);
  if (request.session === undefined) await checkInstance(parts, request, caller, first);

  const { variables, served, missing } = mergeEnvironment(first.spec, await readSecrets(parts, first));
  // The newest version decides alone; the one above only said which Secrets to read.
  const workspace = openPresent(parts, caller);
  const digest = workspace.status?.desired?.env;
  const settled =
    digest !== undefined &&
    missing.length === 0 &&
    matchesDigest((id) => parts.keys.get('digest', id), digest, variables);
  if (!settled) throw new GatewayError('environment_unsettled');

  await parts.store.recordServed(caller, digest);
  parts.logger.info({ ...describe(workspace), number: caller.number, digest }, 'launch.bootstrapped');
  return {
    namespace: workspace.metadata.namespace,
    name: workspace.metadata.name,
    number: caller.number,
    digest,
    credential: createSession(parts.keys.current('session'), { clusterID: parts.clusterID, ...caller }),
    periodSeconds: heartbeatTerms(parts.classes, workspace).periodSeconds,
    environment: Object.fromEntries(served),
  };
}

function authenticate(parts: GatewayParts, request: BootstrapRequest): LaunchKey {
  const { keys, clusterID } = parts;
  const shown = request.session ?? request.ticket;
  if (shown !== undefined && namesUnknownKey(keys, shown)) throw new GatewayError('key_unknown');
  if (request.session !== undefined) {
    const caller = verifySession(keys, clusterID, request.session);
    if (!caller) throw new GatewayError('unauthenticated');
    return caller;
  }
  const { uid, number, ticket } = request;
  if (uid === undefined || number === undefined || ticket === undefined)
    throw new GatewayError('unauthenticated');
  if (!verifyTicket(keys, ticket, { clusterID, uid, number })) throw new GatewayError('ticket_invalid');
  return { uid, number };
}

function openPresent(parts: GatewayParts, caller: LaunchKey): Workspace {
  const workspace = findPresent(parts.workspaces, caller);
  if (workspace.metadata.deletionTimestamp !== undefined) throw new GatewayError('workspace_deleting');
  const { launch } = workspace.status ?? {};
  // One that was recorded as ended is being replaced: an instance of it that still runs is about to be ended.
  if (launch?.phase !== 'Submitted' || launch.ended) throw new GatewayError('launch_not_open');
  return workspace;
}

/** A ticket alone proves nothing: user data can be read by whoever may describe the instance. */
async function checkInstance(
  parts: GatewayParts,
  request: BootstrapRequest,
  caller: LaunchKey,
  workspace: Workspace,
): Promise<void> {
  const { document, signature } = request;
  const identity =
    document !== undefined && signature !== undefined
      ? parts.verifyIdentity({ document: Buffer.from(document), signature })
      : undefined;
  if (!identity) throw new GatewayError('identity_invalid');
  const instanceID = workspace.status?.launch?.instanceID;
  // The instance can be quicker than the status that records it.
  if (instanceID === undefined) throw new GatewayError('instance_unknown');
  if (identity.instanceId !== instanceID) throw new GatewayError('identity_mismatch');
  const record = await parts.store.find(caller);
  if (record?.firstHeartbeatAt !== undefined) throw new GatewayError('ticket_spent');
}

async function readSecrets(parts: GatewayParts, workspace: Workspace): Promise<Map<string, SecretData>> {
  const { namespace } = workspace.metadata;
  const names = new Set(workspace.spec.envFrom.map(({ secretRef }) => secretRef.name));
  try {
    const read = await Promise.all(
      [...names].map(async (name) => [name, await parts.readSecret(namespace, name)] as const),
    );
    return new Map(read.flatMap(([name, data]) => (data ? [[name, data]] : [])));
  } catch (error) {
    throw new GatewayError('secrets_unavailable', undefined, { cause: error });
  }
}

function describe({ metadata: { namespace, name, uid } }: Workspace) {
  return { namespace, name, uid };
}
