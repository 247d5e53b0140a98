import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { MOST_HALTS } from '../class/decide/halts.ts';
import { maxUnavailable } from '../workspace/decide/replace/rollout.ts';
import type { ContentNames } from './contentNames.ts';
import type { ClassTally } from './sums/tally.ts';

/** The part of a class's status that changed: a condition, which is written at once, or numbers, which wait to be written together. */
export type News = 'conditions' | 'numbers';

/** A class's Workspaces as its status shows them, to be compared. */
export interface Shown {
  conditions: string;
  numbers: string;
}

export function shownOf(
  { slots, standing, contents, stuck }: ClassTally,
  klass: WorkspaceClass | undefined,
  names: Pick<ContentNames, 'named'>,
): Shown {
  const { counts, rolling } = standing;
  const blocked = standing.blocked();
  const halted = klass?.status?.halted?.map(
    ({ content }) => contents.summaryOf(names.named(klass.metadata.name, content)).waiting > 0,
  );
  const limit = klass && maxUnavailable(klass.spec, slots.counted);
  return {
    conditions: [
      rolling > 0,
      blocked[0]?.reason,
      halted,
      contents.failed(2 * MOST_HALTS),
      JSON.stringify(stuck.summary()),
    ].join(' '),
    numbers: [
      ...Object.values(counts),
      rolling,
      slots.unavailable,
      limit,
      standing.replacedSince(0),
      ...blocked.map(({ count, example }) => `${count} ${example}`),
    ].join(' '),
  };
}

export function newsBetween(before: Shown | undefined, now: Shown | undefined): News | undefined {
  if (before?.conditions !== now?.conditions) return 'conditions';
  return before?.numbers === now?.numbers ? undefined : 'numbers';
}
