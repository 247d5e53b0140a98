import type { WorkspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import { type ClassEvent, judge, transitions } from './conditions.ts';
import type { ClassFacts, ClassNow } from './facts.ts';
import { groupsOf } from './groups.ts';
import { haltsOf } from './halts.ts';
import { progressOf } from './progress.ts';

export interface ClassDecision {
  /** The whole status as it should be; equal to the present one when nothing is to be written. */
  status: WorkspaceClassStatus;
  events: readonly ClassEvent[];
  requeueAfterMs: number;
}

/** Decides a class's status; pure. Numbers wait to be written together; changes that a person must know don't wait. */
export function decideClass(facts: ClassFacts, now: ClassNow): ClassDecision {
  const { klass, fleet, resolution, timing } = facts;
  const before: WorkspaceClassStatus = klass.status ?? { observedGeneration: -1 };
  const status: WorkspaceClassStatus = {
    ...before,
    observedGeneration: klass.metadata.generation ?? 0,
    counts: fleet.counts,
    resolvedImages: resolution?.ok
      ? resolution.images.map(({ architecture, id }) => ({ architecture, id })).sort(byArchitecture)
      : before.resolvedImages,
    securityGroups: groupsOf(facts),
    ...haltsOf(facts, now),
  };
  status.rollout = progressOf(facts, status, now);
  status.conditions = judge(facts, status, now);
  // An earlier release did not record them: they go on record with the next write, and are worth none of their own.
  if (!before.securityGroups && isAlike(before, { ...status, securityGroups: undefined })) {
    delete status.securityGroups;
  }
  const events = transitions(before.conditions, status.conditions);
  const wait = (facts.wroteAt ?? Number.NEGATIVE_INFINITY) + timing.statusIntervalMs - now.mono;
  if (wait > 0 && isNumbersOnly(before, status)) {
    return { status: before, events: [], requeueAfterMs: Math.ceil(wait) };
  }
  return { status, events, requeueAfterMs: timing.resolveIntervalMs };
}

function byArchitecture(a: { architecture: string }, b: { architecture: string }): number {
  return a.architecture < b.architecture ? -1 : 1;
}

function isAlike(a: WorkspaceClassStatus, b: WorkspaceClassStatus): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether only counts, progress and the texts about them differ. */
function isNumbersOnly(before: WorkspaceClassStatus, after: WorkspaceClassStatus): boolean {
  const essence = ({ counts: _counts, rollout, conditions, ...rest }: WorkspaceClassStatus) =>
    JSON.stringify([
      rest,
      [rollout?.startedAt, rollout?.endedAt],
      conditions?.map(({ type, status, reason, observedGeneration }) => [
        type,
        status,
        reason,
        observedGeneration,
      ]),
    ]);
  return essence(before) === essence(after);
}
