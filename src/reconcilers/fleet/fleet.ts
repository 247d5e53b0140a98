import type { Workspace } from '../../api/workspace.ts';
import type { WorkspaceClass } from '../../api/workspaceClass.ts';
import { objectKey, type Store } from '../../controller/store.ts';
import type { Claim } from '../workspace/decide/decision.ts';
import type { FleetFact } from '../workspace/decide/facts.ts';
import { roomIsLeft } from '../workspace/decide/limits.ts';
import { slotIsFree, unverified } from '../workspace/decide/rollout.ts';
import { entryOf } from './entry.ts';
import { createPermits, factOf, type Permit, type Permits } from './permits.ts';
import { type ClassTally, createTally } from './tally.ts';
import { nextInLine } from './waking.ts';

/**
 * What the Workspaces of each class come to, from their objects alone: a process that starts, or takes over, knows as
 * much. What is decided but not yet on record is kept beside it, so that no interleaving spends one place twice.
 */
export interface Fleet {
  /** Undefined for a class that no Workspace names. */
  of(className: string): ClassTally | undefined;
  /** @param contents names of what it may be replaced for just now */
  factFor(workspace: Workspace, contents: readonly string[]): FleetFact;
  /** Takes it all or nothing, in one moment; held until the store shows another version of the Workspace. */
  take(workspace: Workspace, claim: Claim): boolean;
  /** The write that it was taken for has certainly not happened. */
  giveBack(uid: string): void;
}

export interface FleetOptions {
  workspaces: Pick<Store<Workspace>, 'list' | 'onChange'>;
  classes: Pick<Store<WorkspaceClass>, 'get'>;
  /** Something about a class's Workspaces is another than before. */
  onClass(className: string): void;
  /** There may be a place for this Workspace now. */
  onPlace(key: string): void;
}

export function createFleet({ workspaces, classes, onClass, onPlace }: FleetOptions): Fleet {
  const tallies = new Map<string, ClassTally>();
  const classOf = new Map<string, string>();
  const permits: Permits = createPermits();

  function put(workspace: Workspace): string {
    const entry = entryOf(workspace);
    if (classOf.get(entry.uid) !== entry.className) drop(entry.uid);
    classOf.set(entry.uid, entry.className);
    const tally = tallies.get(entry.className) ?? createTally();
    tallies.set(entry.className, tally);
    tally.put(entry);
    return entry.className;
  }

  function drop(uid: string): void {
    const className = classOf.get(uid);
    if (className === undefined) return;
    classOf.delete(uid);
    const tally = tallies.get(className);
    tally?.drop(uid);
    if (tally?.entries.size === 0) tallies.delete(className);
  }

  function wake(className: string): void {
    onClass(className);
    const tally = tallies.get(className);
    const klass = classes.get(className);
    if (!tally || !klass) return;
    for (const key of nextInLine(tally, permits.of(className), klass)) onPlace(key);
  }

  function factFor(workspace: Workspace, contents: readonly string[]): FleetFact {
    const { className } = workspace.spec;
    const tally = tallies.get(className) ?? createTally();
    const others = permits.of(className).filter(({ uid }) => uid !== workspace.metadata.uid);
    return factOf(entryOf(workspace), tally, others, classes.get(className), contents);
  }

  for (const workspace of workspaces.list()) put(workspace);
  workspaces.onChange(({ type, object, old }) => {
    permits.drop(object.metadata.uid);
    const before = classOf.get(object.metadata.uid);
    if (type === 'deleted') drop((old ?? object).metadata.uid);
    else put(object);
    for (const className of new Set([before, object.spec.className])) {
      if (className !== undefined) wake(className);
    }
  });

  return {
    of: (className) => tallies.get(className),
    factFor,
    take(workspace, claim) {
      const { metadata, spec } = workspace;
      const klass = classes.get(spec.className);
      if (!klass) return true;
      const fact = factFor(workspace, claim.contents);
      if (claim.slot && !slotIsFree(fact, klass.spec)) return false;
      if (claim.slot && unverified(fact, claim.contents) !== undefined) return false;
      if (claim.room && !roomIsLeft(fact, klass.spec)) return false;
      const permit: Permit = {
        ...claim,
        uid: metadata.uid,
        key: objectKey(workspace),
        namespace: metadata.namespace,
      };
      permits.add(spec.className, permit);
      return true;
    },
    giveBack(uid) {
      const className = classOf.get(uid);
      permits.drop(uid);
      if (className !== undefined) wake(className);
    },
  };
}
