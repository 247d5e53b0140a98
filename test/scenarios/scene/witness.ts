import { AsyncLocalStorage } from 'node:async_hooks';

/** Who saw what happened in a scene. */
export interface Witness {
  /** What there is to see just now. */
  glance(): string;
  /** What happened so far, in order. */
  timeline(): string;
}

/** Of the scenes that the running test set up itself, which may be one of several tests at once. */
const own = new AsyncLocalStorage<Set<Witness>>();
/** Of the scenes that the tests of a file share. */
const shared = new Set<Witness>();

export function addWitness(witness: Witness): void {
  (own.getStore() ?? shared).add(witness);
}

/** Of all that happens around what runs here. */
export function witnesses(): readonly Witness[] {
  return [...shared, ...(own.getStore() ?? [])];
}

/** Runs a test whose scenes are its own; `all` answers for them later as well. */
export function amongOwnWitnesses(run: (all: () => readonly Witness[]) => Promise<void>): Promise<void> {
  const set = new Set<Witness>();
  return own.run(set, () => run(() => [...shared, ...set]));
}

export function dismissShared(): void {
  shared.clear();
}
