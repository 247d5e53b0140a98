import type { Workspace } from '../../api/workspace.ts';
import type { Store } from '../../controller/store.ts';
import { entryOf } from './entry.ts';
import { type ClassTally, createTally } from './tally.ts';

/** What the Workspaces of each class come to, from their objects alone: a process that starts, or takes over, knows as much. */
export interface Fleet {
  /** Undefined for a class that no Workspace names. */
  of(className: string): ClassTally | undefined;
}

export interface FleetOptions {
  workspaces: Pick<Store<Workspace>, 'list' | 'onChange'>;
  /** Something about a class's Workspaces is another than before. */
  onClass(className: string): void;
}

export function createFleet({ workspaces, onClass }: FleetOptions): Fleet {
  const tallies = new Map<string, ClassTally>();
  const classOf = new Map<string, string>();

  function put(workspace: Workspace): void {
    const entry = entryOf(workspace);
    if (classOf.get(entry.uid) !== entry.className) drop(entry.uid);
    classOf.set(entry.uid, entry.className);
    const tally = tallies.get(entry.className) ?? createTally();
    tallies.set(entry.className, tally);
    tally.put(entry);
    onClass(entry.className);
  }

  function drop(uid: string): void {
    const className = classOf.get(uid);
    if (className === undefined) return;
    classOf.delete(uid);
    const tally = tallies.get(className);
    tally?.drop(uid);
    if (tally?.entries.size === 0) tallies.delete(className);
    onClass(className);
  }

  for (const workspace of workspaces.list()) put(workspace);
  workspaces.onChange(({ type, object }) => {
    if (type === 'deleted') drop(object.metadata.uid);
    else put(object);
  });

  return { of: (className) => tallies.get(className) };
}
