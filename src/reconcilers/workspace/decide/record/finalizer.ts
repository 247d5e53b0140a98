import { FINALIZER } from '../../../../api/base/meta.ts';
import { msBetween, plus } from '../../../../controller/lib/time.ts';
import { block, type Draft, propose, wakeAfter } from '../facts/decision.ts';
import type { Blocker, View } from '../facts/view.ts';

type Kind = 'AddFinalizer' | 'RemoveFinalizer';

const WHAT: Readonly<Record<Kind, { does: string; until: string }>> = {
  AddFinalizer: { does: 'add the finalizer', until: 'Nothing is launched before it is there' },
  RemoveFinalizer: {
    does: 'remove the finalizer',
    until: 'The object stays as long as the finalizer does; nothing else waits for it',
  },
};

/**
 * Asks for the finalizer to be added or removed; after a refusal only once a pause is over that doubles from one to the next.
 * Returns whether it is asked for now.
 */
export function askFinalizer(draft: Draft, kind: Kind): boolean {
  const { facts, now } = draft;
  const refusal = facts.process.finalizerRefusal;
  const blocker = finalizerRefused(draft, kind);
  if (refusal && blocker) {
    block(draft, blocker);
    const { repairBackoffMinMs, repairBackoffMaxMs } = facts.timing;
    const pause = Math.min(repairBackoffMinMs * 2 ** Math.min(refusal.count - 1, 16), repairBackoffMaxMs);
    const wait = msBetween(now.mono, plus(refusal.at, pause));
    if (wait > 0) {
      wakeAfter(draft, wait);
      return false;
    }
  }
  propose(draft, { kind });
  return true;
}

/** Why the finalizer is not as it should be. */
export function finalizerRefused({ facts }: View, kind: Kind): Blocker | undefined {
  const refusal = facts.process.finalizerRefusal;
  if (refusal?.kind !== kind) return undefined;
  const { name, namespace } = facts.workspace.metadata;
  const { does, until } = WHAT[kind];
  return {
    reason: 'FinalizerBlocked',
    message: `The API server refuses the operator’s request to ${does} ${FINALIZER} in Workspace ${namespace}/${name}: ${refusal.said.replace(/\.$/, '')}. ${until}. See which admission webhook or policy refuses it, and whether the operator may patch workspaces; it is asked again automatically, at growing intervals.`,
  };
}
