import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { LeaseLostError } from '../../controller/lease/leadership.ts';
import type { ReconcileContext, ReconcileResult } from '../../controller/loop/controller.ts';
import { actOnClass } from './act.ts';
import { decideClass } from './decide/decide.ts';
import type { ClassDeps } from './deps.ts';
import { observeClass } from './observe.ts';
import { ownsClass } from './owner.ts';

/** One pass over a class. Its only effect is a write of the class's status. */
export function createClassReconciler(deps: ClassDeps) {
  return async function reconcile(
    name: string,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const seen = deps.classes.get(name);
    if (!seen) {
      deps.pace.forget(name);
      deps.lookUps.forget(name);
      return undefined;
    }
    if (!ownsClass(seen, deps.operator)) return undefined;
    const term = deps.lease.term();
    if (!term || !deps.lease.held()) return undefined;
    const resolution = deps.lookUps.of(seen);
    // A look-up that ends wakes the class; until then an edit of its terms would seem to be judged.
    if (!resolution && !isJudged(seen)) return { requeueAfterMs: deps.lookUps.overdueInMs(name) };
    const { facts, now } = observeClass(deps, seen, resolution);
    const decision = decideClass(facts, now);
    try {
      const wrote = await actOnClass(deps, seen, decision, term.id, context);
      if (wrote) deps.pace.wrote(name);
      return { requeueAfterMs: decision.requeueAfterMs };
    } catch (error) {
      // The next term begins with every key.
      if (error instanceof LeaseLostError) return undefined;
      throw error;
    }
  };
}

/** Whether its status is of this version of its terms. */
function isJudged({ metadata, status }: WorkspaceClass): boolean {
  return status?.conditions !== undefined && status.observedGeneration === (metadata.generation ?? 0);
}
