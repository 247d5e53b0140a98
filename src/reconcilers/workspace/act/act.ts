import { FINALIZER } from '../../../api/base/meta.ts';
import { decodeWorkspace } from '../../../api/kinds/decode.ts';
import type { Workspace, WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import { signStatus } from '../../../api/launch/launchMac.ts';
import { objectKey } from '../../../controller/cache/store.ts';
import { isApiError, isNotFound, TerminalError } from '../../../controller/client/errors.ts';
import { requireTerm } from '../../../controller/lease/leadership.ts';
import type { ReconcileContext } from '../../../controller/loop/controller.ts';
import { WORKSPACES, type WorkspaceDeps } from '../context/deps.ts';
import type { Memory } from '../context/memory.ts';
import type { Decision } from '../decide/facts/decision.ts';
import { certainlyFailed, GivenUpError } from './claims.ts';
import { perform } from './effects.ts';
import { changeFinalizer } from './finalizers.ts';
import { diff, pathsOf } from './mergePatch.ts';

/** How long to wait for the watch to confirm a write's answer, ms. */
const GONE_RETRY_MS = 1_000;

/**
 * Writes the status, by compare-and-swap with the version that the decision came from, and performs the one effect only if
 * the API server accepted that write. The write's place and room are taken from other Workspaces in the same moment. If they are
 * gone, nothing is written, and the next pass decides again. Returns in how many ms to look again.
 */
export async function act(
  deps: WorkspaceDeps,
  memory: Memory,
  workspace: Workspace,
  decision: Decision,
  termID: string,
  context: ReconcileContext,
): Promise<number | undefined> {
  const guard = () => {
    requireTerm(deps.lease, { id: termID });
    // This is not the lease's end, and nothing else would bring this key back.
    if (context.signal.aborted) throw new GivenUpError('the pass was given up; nothing was sent');
  };
  const key = objectKey(workspace);
  const mine = memory.of(key, workspace.metadata.uid);
  const decidedAt = deps.clock.monotonic();
  const { uid } = workspace.metadata;
  if (!mayAsk(deps, uid, decision) || !isStillDue(deps, uid, decision)) return 0;
  // Until it has its finalizer it can't use any room: it goes back in line once the write of that was accepted.
  const isFinalized = workspace.metadata.finalizers?.includes(FINALIZER) ?? false;
  if (!decision.claim && isFinalized) deps.fleet.rejoin(uid);
  else if (decision.claim && !deps.fleet.take(workspace, decision.claim)) return 0;
  const written = await writeStatus(deps, workspace, decision, guard).catch((error: unknown) => {
    if (!decision.claim) throw error;
    if (certainlyFailed(error)) deps.fleet.refused(workspace);
    else deps.fleet.unanswered(workspace, deps.clock.monotonic());
    throw error;
  });
  // Where nothing was written nothing shows how it went.
  if (decision.claim && (!written || written === workspace)) deps.fleet.refused(workspace);
  if (!written) {
    context.logger.debug('the object is gone; waiting for the cache to say so');
    return GONE_RETRY_MS;
  }
  if (written !== workspace) mine.wroteInTerm = termID;
  if (decision.settled) {
    mine.suspectSince = undefined;
    mine.rolledBackAt = undefined;
  }
  if (decision.disarmed) {
    mine.sends = undefined;
    mine.answer = undefined;
  }
  announce(deps, written, decision);
  follow(deps, written, decision);
  const { ask, effect } = decision;
  if (decision.claim && ask?.errand === 'open') deps.lines.spend(ask.bucket, mine.uid);
  if (!effect) return decision.requeueAfterMs;
  if (effect.kind === 'AddFinalizer' || effect.kind === 'RemoveFinalizer') {
    const isDone = await changeFinalizer(deps, mine, written, effect, guard, context);
    return isDone ? decision.requeueAfterMs : 0;
  }
  const termAt = deps.lease.term()?.acquiredAt;
  const turned = ask?.errand === 'send' ? ask.bucket : undefined;
  const waitMs = await perform(
    { deps, memory, mine, workspace: written, guard, decidedAt, termAt, turned, context },
    effect,
  );
  // Other events that the decision waits for may come before its turn.
  return waitMs > 0 ? Math.min(waitMs, decision.requeueAfterMs ?? waitMs) : 0;
}

/** Whether EC2 still refuses is found out by one launch; others, which decided at the same time, look again. */
function mayAsk(deps: WorkspaceDeps, uid: string, { effect, status }: Decision): boolean {
  const { params } = status.launch ?? {};
  if (effect?.kind !== 'RunInstances' || !effect.armed || !params) return true;
  return deps.offerings.mayTry(uid, params);
}

/** A request that is recorded as sent is sent in this pass. So if AWS took the turn back since, wait for it first. */
function isStillDue({ lines }: WorkspaceDeps, uid: string, { ask, effect }: Decision): boolean {
  if (ask?.errand !== 'send' || effect?.kind !== ask.bucket) return true;
  return lines.commit(ask.bucket, uid);
}

/** Undefined when the object is gone. */
async function writeStatus(
  deps: WorkspaceDeps,
  workspace: Workspace,
  decision: Decision,
  guard: () => void,
): Promise<Workspace | undefined> {
  const written = signedStatus(deps, workspace, decision);
  const status = written && diff(workspace.status ?? {}, written);
  if (status === undefined) return workspace;
  const { name, namespace, resourceVersion } = workspace.metadata;
  const target = { name, namespace, subresource: 'status' as const };
  const patch = { metadata: { resourceVersion }, status };
  const raw = await deps.kube
    .mergePatch(WORKSPACES, target, patch, { beforeSend: guard })
    .catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      // The same status is refused again: it is malformed, or too large to be stored.
      if (isApiError(error, 400, 413)) throw new TerminalError(error.message, { cause: error });
      throw error;
    });
  if (!raw) return undefined;
  const answer = decodeWorkspace(raw);
  deps.workspaces.applyWrite(answer);
  const altered = diff(answer.status ?? {}, written);
  if (altered !== undefined) {
    throw new Error(
      `the API server did not store status.${pathsOf(altered).join(', status.')} of Workspace ${namespace}/${name} as written, so nothing was done: the definitions in the cluster are of another release; apply crds/`,
    );
  }
  return answer;
}

/** The decided status with a MAC over all of it; undefined where nothing else changes, as that is no reason for a write. */
function signedStatus(
  { clusterID, launchKeys }: WorkspaceDeps,
  { metadata: { uid }, status }: Workspace,
  decision: Decision,
): WorkspaceStatus | undefined {
  const { mac: _, ...decided } = decision.status;
  const { mac: __, ...before }: Partial<WorkspaceStatus> = status ?? {};
  if (diff(before, decided) === undefined) return undefined;
  const mac = signStatus(launchKeys.current('launch'), { clusterID, uid, status: decided });
  return { ...decided, mac };
}

/** Emits a decision's events only now that the decision is on record. */
function announce(deps: WorkspaceDeps, workspace: Workspace, decision: Decision): void {
  const { name, namespace, uid, resourceVersion } = workspace.metadata;
  const regarding = {
    apiVersion: workspace.apiVersion,
    kind: workspace.kind,
    name,
    namespace,
    uid,
    resourceVersion,
  };
  for (const { type, reason, message } of decision.events) {
    deps.events.record({ regarding, type, reason, action: 'Reconcile', note: message });
  }
}

/** Asks for quick look-ups of what is on its way up or down, and of nothing in steady state. */
function follow(deps: WorkspaceDeps, workspace: Workspace, { sweep }: Decision): void {
  const { launch, terminating, instance, conditions } = workspace.status ?? {};
  const ids = (terminating ?? []).map((entry) => entry.instanceID);
  const steady =
    launch?.phase === 'Stopped'
      ? instance?.state === 'stopped'
      : launch?.readyAt !== undefined && instance?.state === 'running';
  // A sweep goes by tags, and would show it no more.
  const untagged = conditions?.some(({ type, status }) => type === 'TagsMissing' && status === 'True');
  if (launch?.instanceID && !launch.ended && (!steady || untagged)) ids.push(launch.instanceID);
  deps.cloud.follow(workspace.metadata.uid, [...new Set(ids)].sort(), sweep);
}
