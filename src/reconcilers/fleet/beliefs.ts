import type { Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';

/**
 * What the others of a class go by: of each Workspace the last status that carries our MAC. Otherwise a writer of one status could
 * halt a class by failures that never were, or fill it. A status without a MAC, as an earlier release writes it, counts where
 * it is seen for the first time in a term; nothing is written for it.
 */
export interface Beliefs {
  /** Takes notice of a version. @param isFirst of this term @returns the Workspace as others go by it */
  see(workspace: Workspace, isFirst: boolean): Workspace;
  /** As others go by it. */
  ofOthers(workspace: Workspace): Workspace;
  /**
   * As its own decision goes by it: its status as it stands, since that rests on EC2 and heartbeats, but for the fields that are
   * nothing but a record for others. So no decision signs what another wrote there.
   */
  ofItself(workspace: Workspace): Workspace;
  forget(uid: string): void;
}

interface Belief {
  version: string;
  status: WorkspaceStatus | undefined;
  /** Whether that is the status as it stands. */
  isPresent: boolean;
}

export function createBeliefs(isAuthentic: (workspace: Workspace) => boolean): Beliefs {
  const beliefs = new Map<string, Belief>();

  function beliefOf(workspace: Workspace): Belief {
    const { uid, resourceVersion: version } = workspace.metadata;
    const known = beliefs.get(uid);
    if (known?.version === version) return known;
    const isPresent = !known || isAuthentic(workspace);
    return { version, status: isPresent ? workspace.status : known.status, isPresent };
  }

  function ofOthers(workspace: Workspace): Workspace {
    const { isPresent, status } = beliefOf(workspace);
    return isPresent ? workspace : { ...workspace, status };
  }

  return {
    see(workspace, isFirst) {
      const { uid, resourceVersion: version } = workspace.metadata;
      const belief = isFirst ? { version, status: workspace.status, isPresent: true } : beliefOf(workspace);
      beliefs.set(uid, belief);
      return ofOthers(workspace);
    },
    ofOthers,
    ofItself(workspace) {
      const { isPresent, status } = beliefOf(workspace);
      // A status that was lost is put together from what EC2 shows.
      if (isPresent || !workspace.status?.launch) return workspace;
      const { replacement, room } = status ?? {};
      return { ...workspace, status: { ...workspace.status, replacement, room } };
    },
    forget: (uid) => void beliefs.delete(uid),
  };
}
