import type { Workspace } from '../../api/workspace.ts';
import type { ReconcileContext } from '../../controller/controller.ts';
import type { MonoMs } from '../../controller/time.ts';
import type { LineBucket } from '../../ec2/lines.ts';
import type { Effect } from './decide/view.ts';
import type { WorkspaceDeps } from './deps.ts';
import type { Memory, WorkspaceMemory } from './memory.ts';

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
