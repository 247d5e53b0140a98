import type { ReconcileContext, ReconcileResult } from '../../controller/controller.ts';
import { LeaseLostError } from '../workspace/act.ts';
import { actOnClass } from './act.ts';
import { decideClass } from './decide/decide.ts';
import type { ClassDeps } from './deps.ts';
import { observeClass } from './observe.ts';

/** One pass over a class: what it comes to is written into its status, and nothing else is ever done. */
export function createClassReconciler(deps: ClassDeps) {
  /** By name, when this process last wrote the status; monotonic ms. */
  const wroteAt = new Map<string, number>();

  return async function reconcile(
    name: string,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const seen = deps.classes.get(name);
    if (!seen) {
      wroteAt.delete(name);
      return undefined;
    }
    const term = deps.lease.term();
    if (!term || !deps.lease.held()) return undefined;
    const { facts, now } = await observeClass(deps, seen, wroteAt.get(name));
    const decision = decideClass(facts, now);
    try {
      const wrote = await actOnClass(deps, seen, decision, term.id, context);
      if (wrote) wroteAt.set(name, deps.clock.monotonic());
      return { requeueAfterMs: decision.requeueAfterMs };
    } catch (error) {
      // The next term begins with every key.
      if (error instanceof LeaseLostError) return undefined;
      throw error;
    }
  };
}
