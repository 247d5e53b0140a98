import { decodeWorkspaceClass } from '../../api/kinds/decode.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { requireTerm } from '../../controller/lease/leadership.ts';
import { withPlainText } from '../../controller/lib/plainText.ts';
import type { ReconcileContext } from '../../controller/loop/controller.ts';
import { diff } from '../workspace/act/mergePatch.ts';
import type { ClassDecision } from './decide/decide.ts';
import { CLASSES, type ClassDeps } from './deps.ts';

/** Writes the status by compare-and-swap where it changes, and emits events about it. Returns whether it wrote. */
export async function actOnClass(
  deps: ClassDeps,
  klass: WorkspaceClass,
  decision: ClassDecision,
  termID: string,
  context: ReconcileContext,
): Promise<boolean> {
  const status = diff(klass.status ?? {}, {
    ...withPlainText(decision.status, ['handled']),
    operator: deps.operator,
  });
  if (status === undefined) return false;
  const { name, resourceVersion } = klass.metadata;
  const raw = await deps.kube.mergePatch(
    CLASSES,
    { name, subresource: 'status' },
    { metadata: { resourceVersion }, status },
    {
      beforeSend() {
        requireTerm(deps.lease, { id: termID });
        if (context.signal.aborted) throw new Error('the pass was given up; nothing was sent');
      },
    },
  );
  const written = decodeWorkspaceClass(raw);
  deps.classes.applyWrite(written);
  const { apiVersion, kind, metadata } = written;
  const regarding = { apiVersion, kind, name, uid: metadata.uid, resourceVersion: metadata.resourceVersion };
  for (const { type, reason, message } of decision.events) {
    deps.events.record({ regarding, type, reason, action: 'Reconcile', note: message });
  }
  return true;
}
