import type { Workspace } from '../../api/kinds/workspace.ts';
import { keyOf } from '../../controller/cache/store.ts';
import { LeaseLostError } from '../../controller/lease/leadership.ts';
import { withPlainText } from '../../controller/lib/plainText.ts';
import type { ReconcileContext, ReconcileResult } from '../../controller/loop/controller.ts';
import { act } from './act/act.ts';
import { resolveClaim } from './act/claims.ts';
import { endPass } from './act/effectLine.ts';
import type { WorkspaceDeps } from './context/deps.ts';
import { createMemory } from './context/memory.ts';
import { decide } from './decide/decide.ts';
import type { Decision } from './decide/facts/decision.ts';
import type { EnvironmentFact } from './decide/facts/facts.ts';
import { withMacs } from './observe/authenticity.ts';
import { createLookUps } from './observe/lookUps.ts';
import { observe, type ResolvedClass } from './observe/observe.ts';

/** Fields that are sent to EC2, or compared with a request in the spec. */
const EXACT = ['params', 'handled'];

/** One pass: observe, decide, act; then the loop comes round. */
export function createWorkspaceReconciler(deps: WorkspaceDeps) {
  const memory = createMemory();
  const lookUps = createLookUps(deps.resolver, deps.wake);

  async function pass(
    key: string,
    seen: Workspace,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const term = deps.lease.term();
    if (!term || !deps.lease.held()) return undefined;
    const unread = (what: string, error: unknown) => {
      context.logger.warn({ event: 'facts.unread', what, err: error }, 'not read; nothing follows from that');
    };
    const openForMs = await resolveClaim(deps, seen);
    const workspace = deps.workspaces.get(key) ?? seen;
    let resolved: ResolvedClass | undefined;
    for (;;) {
      const judged = deps.fleet.ofItself(workspace);
      const { facts, now } = await observe(deps, memory, judged, term, resolved, unread);
      const first = decide(facts, now);
      const decision = first.ask ? decide({ ...facts, line: placeOf(workspace, first.ask) }, now) : first;
      if (decision.needsResolution && facts.class) {
        const { uid } = workspace.metadata;
        resolved = lookUps.known(uid, facts.class);
        if (resolved) continue;
        lookUps.begin(uid, facts.class, key);
        // An end or a stop does not wait for a look-up of images.
        if (!decision.effect) return { requeueAfterMs: openForMs };
      }
      deps.offerings.waits(key, decision.awaitsOffering ?? false);
      try {
        const fit = fitToWrite(workspace, decision, facts.environment);
        await publishKey(workspace, fit);
        const afterMs = await act(deps, memory, workspace, fit, term.id, context);
        return { requeueAfterMs: sooner(afterMs, openForMs) };
      } catch (error) {
        // The next term begins with every key.
        if (error instanceof LeaseLostError) return undefined;
        throw error;
      }
    }
  }

  function fitToWrite(workspace: Workspace, decision: Decision, environment: EnvironmentFact): Decision {
    const { status, events } = decision;
    const contents = deps.fleet.names.contentsOf(workspace, status, environment);
    const plain = withPlainText({ ...status, contents }, EXACT);
    return withMacs(deps, workspace, { ...decision, status: plain, events: withPlainText(events) });
  }

  async function publishKey({ metadata, status }: Workspace, decision: Decision): Promise<void> {
    const { env } = decision.status.desired ?? {};
    if (env !== undefined && env !== status?.desired?.env) await deps.publishKey?.(metadata.namespace);
  }

  function placeOf({ metadata }: Workspace, { bucket, ...ask }: NonNullable<Decision['ask']>) {
    const { name, namespace, uid } = metadata;
    return deps.lines.ask(bucket, { id: uid, key: keyOf(namespace, name), namespace, ...ask });
  }

  return async function reconcile(
    key: string,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const workspace = deps.workspaces.get(key);
    const uid = workspace?.metadata.uid ?? memory.forget(key);
    if (uid === undefined) return undefined;
    try {
      if (workspace) return await pass(key, workspace, context);
      deps.cloud.follow(uid, []);
      lookUps.forget(uid);
      deps.offerings.waits(key, false);
      return undefined;
    } finally {
      endPass(deps, memory, uid);
    }
  };
}

function sooner(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
