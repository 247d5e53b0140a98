import { decodeWorkspace } from '../../../api/kinds/decode.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import { isApiError, TerminalError, TransportError } from '../../../controller/client/errors.ts';
import { LeaseLostError } from '../../../controller/lease/leadership.ts';
import { msBetween } from '../../../controller/lib/time.ts';
import { WORKSPACES, type WorkspaceDeps } from '../context/deps.ts';

/** The pass was aborted: nothing was sent. */
export class GivenUpError extends Error {
  override readonly name = 'GivenUpError';
}

/** How often to look for an object that a read does not show and the cache does, ms. */
const GONE_RETRY_MS = 1_000;

/** Whether a write that failed so did not happen and can't happen later: it was not sent, or it was refused. */
export function certainlyFailed(error: unknown): boolean {
  if (error instanceof LeaseLostError || error instanceof GivenUpError) return true;
  if (error instanceof TerminalError) return certainlyFailed(error.cause);
  if (error instanceof TransportError) return error.code === 'NO_CREDENTIALS';
  // A timeout is a proxy's word on its own wait, not on what it passed on.
  return isApiError(error) && error.status < 500 && error.status !== 408;
}

/**
 * Finds out whether an unanswered status write landed, where that is still open. A request lands at most
 * `lateMs` after it was sent: a read begun later that shows the version which the write was conditional on proves that it
 * never will. Another version shows the outcome. Returns in how many ms to ask again; undefined when nothing is open.
 */
export async function resolveClaim(
  { fleet, clock, timing, kube, workspaces }: WorkspaceDeps,
  { metadata: { namespace, name, uid } }: Workspace,
): Promise<number | undefined> {
  const doubt = fleet.doubtOf(uid);
  if (!doubt) return undefined;
  const waitMs = timing.lateMs - msBetween(doubt.at, clock.monotonic());
  if (waitMs > 0) return Math.ceil(waitMs);
  // A list of one: it is as consistent as a get, and needs no right that the caches don't.
  const { items } = await kube.list(WORKSPACES, { namespace, fieldSelector: `metadata.name=${name}` });
  const [item] = items;
  if (item?.metadata.uid === uid && item.metadata.resourceVersion === doubt.version) fleet.notLanded(uid);
  else if (item) workspaces.applyWrite(decodeWorkspace(item));
  return fleet.doubtOf(uid) && GONE_RETRY_MS;
}
