import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from '../../api/kinds/workspaceClass.ts';
import { GatewayError } from '../base/errors.ts';
import type { LaunchKey } from '../store/heartbeatStore.ts';

/** The part of the controller's Store that the gateway reads, by metadata.uid and by the instance's private address. */
export interface WorkspaceReader {
  get(key: string): Workspace | undefined;
  byIndex(name: 'uid' | 'address', value: string): readonly Workspace[];
}

/** All of them, and word of each change. */
export interface WorkspaceFeed extends WorkspaceReader {
  keys(): string[];
  /** Returns how to stop listening. */
  onChange(listener: (event: { object: Workspace }) => void): () => void;
}

export interface ClassReader {
  get(name: string): WorkspaceClass | undefined;
}

/**
 * The Workspace whose present launch is the caller's, as one frozen version.
 * A number below the present one is `superseded`: even an old version of the object proves that.
 * Any other mismatch may be our own lag (an unknown Workspace, a number above): `launch_unknown`.
 */
export function findPresent(workspaces: WorkspaceReader, caller: LaunchKey): Workspace {
  const [workspace] = workspaces.byIndex('uid', caller.uid);
  const present = workspace?.status?.launch?.number;
  if (workspace === undefined || present === undefined || caller.number > present) {
    throw new GatewayError('launch_unknown');
  }
  if (caller.number < present) throw new GatewayError('superseded');
  return workspace;
}

const DEFAULT_TERMS = Object.freeze(workspaceClassSpec.shape.heartbeat.parse(undefined));

/** The heartbeat terms of the Workspace's class; the defaults while the class is missing. */
export function heartbeatTerms(classes: ClassReader, workspace: Workspace) {
  return classes.get(classNameOf(workspace))?.spec.heartbeat ?? DEFAULT_TERMS;
}
