import { type Environment, matchesDigest, mergeEnvironment } from '../../api/environment/environment.ts';
import { type Gathered, gatherSecrets, MOST_ENVIRONMENT_BYTES } from '../../api/environment/gather.ts';
import { SecretRefused } from '../../api/environment/secretTypes.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { createSession, namesUnknownKey, verifySession, verifyTicket } from '../access/credentials.ts';
import { digestKey } from '../access/namespaceKeys.ts';
import { GatewayError } from '../base/errors.ts';
import type { Answer } from '../base/lines.ts';
import type { GatewayParts } from '../http/parts.ts';
import type { Passage } from '../served/environmentsInFlight.ts';
import { findPresent, heartbeatTerms } from '../served/lookup.ts';
import type { LaunchKey } from '../store/heartbeatStore.ts';
import { type InstanceProof, isTicketSpent, provesInstance } from './instanceProof.ts';

export interface BootstrapRequest extends InstanceProof {
  uid?: string;
  number?: number;
  ticket?: string;
}

/**
 * Identifies an instance and serves its environment, only if all of this holds in one version of the Workspace: it isn't being
 * deleted, the caller's launch is the present one and open, and the content has the digest `desired.env`.
 * It records the content before it answers, so that an instance never holds an unrecorded one.
 */
export async function bootstrap(
  parts: GatewayParts,
  request: BootstrapRequest,
  /** Takes charge of what the answer counts for until it has been read. */
  keep?: (passage: Passage) => void,
): Promise<Answer> {
  const caller = authenticate(parts, request);
  const first = openPresent(parts, caller);
  const proven = provesInstance(parts, request, first);
  // User data can be read by everyone who may describe the instance, and by every process on it: a ticket is good once.
  if (request.session === undefined && isTicketSpent(first, await parts.store.find(caller)))
    throw new GatewayError('ticket_spent');

  const passage = parts.environments?.begin(caller, first.metadata.namespace);
  let kept = false;
  try {
    const answer = await serve(parts, caller, first, proven, passage);
    if (passage && keep) {
      keep(passage);
      kept = true;
    }
    return answer;
  } finally {
    if (!kept) passage?.end();
  }
}

async function serve(
  parts: GatewayParts,
  caller: LaunchKey,
  first: Workspace,
  proven: boolean,
  passage: Passage | undefined,
): Promise<Answer> {
  const { contents, bytes } = await readSecrets(parts, first);
  passage?.holds(bytes);
  const { variables, served, missing } = mergeEnvironment(first.spec, contents);
  // The newest version decides alone; the one above only said which Secrets to read.
  const workspace = openPresent(parts, caller);
  const digest = workspace.status?.desired?.env;
  const settled =
    digest !== undefined &&
    missing.length === 0 &&
    matchesDigest((id) => digestKey(parts.keys, workspace.metadata.namespace, id), digest, variables);
  if (!settled) throw new GatewayError('environment_unsettled');
  if (!proven && !(await mayHaveUnproven(parts, caller, workspace, variables)))
    throw new GatewayError('identity_invalid');

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

/**
 * A session alone may fetch content that its launch was served before, or any content while the operator itself starts the
 * stopped instance. So a stolen session never fetches rotated Secrets of an instance that runs.
 */
async function mayHaveUnproven(
  { keys, store }: GatewayParts,
  caller: LaunchKey,
  { metadata, status }: Workspace,
  variables: Environment,
): Promise<boolean> {
  const record = await store.find(caller);
  const starts = status?.launch?.after !== undefined && status.launch.readyAt === undefined;
  if (starts && (record?.boot ?? 0) <= (status.launch?.after?.boot ?? 0)) return true;
  const held = record?.env ?? status?.instance?.env;
  return (
    held !== undefined && matchesDigest((id) => digestKey(keys, metadata.namespace, id), held, variables)
  );
}

async function readSecrets(parts: GatewayParts, { metadata, spec }: Workspace): Promise<Gathered> {
  const most = parts.mostEnvironmentBytes ?? MOST_ENVIRONMENT_BYTES;
  let gathered: Gathered;
  try {
    const read = (name: string) => parts.readSecret(metadata.namespace, name);
    gathered = await gatherSecrets(spec, read, { most, stopAt: 'limit' });
  } catch (error) {
    if (error instanceof SecretRefused) throw new GatewayError('secret_refused', undefined, { cause: error });
    throw new GatewayError('secrets_unavailable', undefined, { cause: error });
  }
  if (gathered.bytes > most) throw new GatewayError('environment_too_large');
  return gathered;
}

function describe({ metadata: { namespace, name, uid } }: Workspace) {
  return { namespace, name, uid };
}
