import type { Workspace } from '../../../api/kinds/workspace.ts';
import type { MonoMs } from '../../../controller/lib/time.ts';
import type { ReconcileContext } from '../../../controller/loop/controller.ts';
import type { LineBucket } from '../../../ec2/lines/lines.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { Memory, WorkspaceMemory } from '../context/memory.ts';
import type { Effect } from '../decide/facts/view.ts';

/** All that an effect of one pass is performed with. */
export interface Performance {
  deps: WorkspaceDeps;
  memory: Memory;
  mine: WorkspaceMemory;
  workspace: Workspace;
  guard: () => void;
  /** When it was decided, before the write. */
  decidedAt: MonoMs;
  termAt: MonoMs | undefined;
  /** The bucket at which the decision itself had its turn. */
  turned: LineBucket | undefined;
  context: ReconcileContext;
}

export type CloudEffect = Exclude<Effect, { kind: 'AddFinalizer' | 'RemoveFinalizer' }>;
