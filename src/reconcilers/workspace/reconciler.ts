import type { ReconcileContext, ReconcileResult } from '../../controller/controller.ts';
import { act, LeaseLostError } from './act.ts';
import { decide } from './decide/decide.ts';
import type { WorkspaceDeps } from './deps.ts';
import { createMemory } from './memory.ts';
import { observe, type ResolvedClass } from './observe.ts';

/** One pass: observe, decide, act; then the loop comes round. */
export function createWorkspaceReconciler(deps: WorkspaceDeps) {
  const memory = createMemory();

  return async function reconcile(
    key: string,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const workspace = deps.workspaces.get(key);
    if (!workspace) {
      const uid = memory.forget(key);
      if (uid !== undefined) deps.cloud.follow(uid, []);
      return undefined;
    }
    const term = deps.lease.term();
    if (!term || !deps.lease.held()) return undefined;
    const unread = (what: string, error: unknown) => {
      context.logger.warn({ event: 'facts.unread', what, err: error }, 'not read; nothing follows from that');
    };
    let resolved: ResolvedClass | undefined;
    for (;;) {
      const { facts, now } = await observe(deps, memory, workspace, term, resolved, unread);
      const decision = decide(facts, now);
      if (decision.needsResolution && facts.class) {
        resolved = { of: facts.class, fact: await deps.resolver.resolve(facts.class.spec) };
        continue;
      }
      try {
        const requeueAfterMs = await act(deps, memory, workspace, decision, term.id, context);
        return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
      } catch (error) {
        // The next term begins with every key.
        if (error instanceof LeaseLostError) return undefined;
        throw error;
      }
    }
  };
}
