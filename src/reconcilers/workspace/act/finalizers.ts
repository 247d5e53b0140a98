import { FINALIZER } from '../../../api/base/meta.ts';
import { decodeWorkspace } from '../../../api/kinds/decode.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import { type ApiError, isApiError, isNotFound } from '../../../controller/client/errors.ts';
import type { ReconcileContext } from '../../../controller/loop/controller.ts';
import { WORKSPACES, type WorkspaceDeps } from '../context/deps.ts';
import type { WorkspaceMemory } from '../context/memory.ts';
import type { Effect } from '../decide/facts/view.ts';

export type FinalizerEffect = Extract<Effect, { kind: 'AddFinalizer' | 'RemoveFinalizer' }>;

/** Statuses that concern the version, the rate or the caller, and are no verdict on the request itself. */
const NO_VERDICT = [401, 404, 408, 409, 429];

/**
 * Adds our finalizer, or removes it, in the version of the object that the status was written in. A refusal by the API server, or an
 * admission webhook or policy, becomes a fact of the next pass. After any failure the Workspace stands out of line
 * until its next pass. Returns whether it was done.
 * @throws an error that a retry of this request alone can't settle, such as a conflict
 */
export async function changeFinalizer(
  deps: WorkspaceDeps,
  mine: WorkspaceMemory,
  workspace: Workspace,
  { kind }: FinalizerEffect,
  guard: () => void,
  { logger }: ReconcileContext,
): Promise<boolean> {
  const { name, namespace, uid, resourceVersion, finalizers = [] } = workspace.metadata;
  const adds = kind === 'AddFinalizer';
  const others = finalizers.filter((finalizer) => finalizer !== FINALIZER);
  const patch = { metadata: { resourceVersion, finalizers: adds ? [...others, FINALIZER] : others } };
  try {
    const answer = await deps.kube.mergePatch(WORKSPACES, { name, namespace }, patch, { beforeSend: guard });
    if (adds || others.length > 0) deps.workspaces.applyWrite(decodeWorkspace(answer));
  } catch (error) {
    if (!adds && isNotFound(error)) return true;
    deps.fleet.standAside(uid);
    if (!isRefusal(error)) throw error;
    const count = (mine.finalizerRefusal?.kind === kind ? mine.finalizerRefusal.count : 0) + 1;
    mine.finalizerRefusal = { kind, count, at: deps.clock.monotonic(), said: saidBy(error) };
    logger.warn({ event: 'finalizer.refused', effect: kind, status: error.status, count }, error.message);
    return false;
  }
  mine.finalizerRefusal = undefined;
  return true;
}

function isRefusal(error: unknown): error is ApiError {
  return isApiError(error) && error.status >= 400 && error.status < 500 && !NO_VERDICT.includes(error.status);
}

/** Without the path, which the condition's own words name. */
function saidBy({ message, method, path }: ApiError): string {
  return message.slice(`${method} ${path}: `.length);
}
