import type { WorkspaceClass } from '../../../../api/kinds/workspaceClass.ts';

/** Others that take up room, and older ones that would if they could: in the class, and in this namespace. */
export interface RoomFact {
  taken: number;
  ahead: number;
  takenInNamespace: number;
  aheadInNamespace: number;
}

/** spec.className names another class than the one that the Workspace is in; see move.ts. */
export interface MoveFact {
  /** The class that it is in, which all other facts are about. */
  from: string;
  /** The class that it is to be in. */
  class?: WorkspaceClass | undefined;
  allowed: boolean;
  room: RoomFact;
}
