import { conditionFor, conditionIn } from '../../../api/base/conditions.ts';
import type { Condition, Verdict } from '../../../api/base/meta.ts';
import type { WorkspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import {
  CLASS_ASPECT_TYPES,
  CLASS_EVENTS,
  type ClassAspect,
  type ClassEventReason,
  type ClassReason,
  classTraitsOf,
} from '../../../api/reasons/classReasons.ts';
import { CLASS_WIDE_REASONS } from '../../../api/reasons/reasons.ts';
import { isoOf } from '../../../controller/lib/time.ts';
import { judgeCloud, judgeEvidence } from './evidence.ts';
import type { ClassFacts, ClassNow } from './facts.ts';
import { saidOfGroups } from './groups.ts';
import { holdsAll } from './progress.ts';

export interface ClassEvent {
  type: 'Normal' | 'Warning';
  reason: ClassEventReason;
  message: string;
}

type Judges = {
  [Type in ClassAspect]: (facts: ClassFacts, status: WorkspaceClassStatus) => Verdict<ClassReason<Type>>;
};

/** One aspect each; the summary comes first and is the first of them that is grave. */
const JUDGES: Judges = {
  Resolved: judgeResolved,
  Launchable: judgeLaunchable,
  RolloutComplete: judgeRollout,
  EvidenceAvailable: judgeEvidence,
  CloudAvailable: judgeCloud,
};

export function judge(facts: ClassFacts, status: WorkspaceClassStatus, now: ClassNow): Condition[] {
  const verdicts = CLASS_ASPECT_TYPES.map((type) => [type, JUDGES[type](facts, status)] as const);
  const bad = verdicts.find(([type, { reason }]) => classTraitsOf(type, reason)?.grave)?.[1];
  const ready: Verdict<'Ready'> | typeof bad = bad ?? {
    status: 'True',
    reason: 'Ready',
    message: 'Workspaces of this class can be launched.',
  };
  return [['Ready', ready] as const, ...verdicts].map(([type, verdict]) => {
    const before = conditionIn(facts.klass.status, type);
    const generation = facts.klass.metadata.generation ?? 0;
    return conditionFor(type, verdict, { before, generation, at: isoOf(now.wall) });
  });
}

function judgeResolved(
  { klass, resolution }: ClassFacts,
  { securityGroups }: WorkspaceClassStatus,
): Verdict<ClassReason<'Resolved'>> {
  if (resolution?.ok) {
    const message = `Images, subnets and security groups are there.${saidOfGroups(klass, securityGroups)}`;
    return { status: 'True', reason: 'Resolved', message };
  }
  // Missing evidence changes no verdict.
  const kept = conditionIn(klass.status, 'Resolved');
  if (resolution?.kind !== 'missing') {
    const message = resolution?.message ?? 'The class’s terms have not been looked up yet.';
    return kept ?? { status: 'Unknown', reason: 'CloudUnavailable', message };
  }
  return { status: 'False', reason: 'InvalidConfiguration', message: resolution.message };
}

/** Reports a refusal of many Workspaces of a class once, here. */
function judgeLaunchable({ fleet }: ClassFacts): Verdict<ClassReason<'Launchable'>> {
  const [worst] = fleet.blocked;
  if (!worst) return { status: 'True', reason: 'Launchable', message: 'No launch is refused.' };
  const { reason, count, example } = worst;
  const who = count === 1 ? example : `${count} Workspaces, ${example} among them,`;
  const message = `${who} can’t be launched (${reason}): ${CLASS_WIDE_REASONS[reason].classAdvice}.`;
  return { status: 'False', reason, message };
}

function judgeRollout(
  { fleet }: ClassFacts,
  { rollout, halted }: WorkspaceClassStatus,
): Verdict<ClassReason<'RolloutComplete'>> {
  const [halt] = halted ?? [];
  if (halt) {
    const { since, message } = halt;
    const next = 'Fix the class or the Secret, or set spec.requests.resume to a new value.';
    return { status: 'False', reason: 'RolloutHalted', message: `Halted at ${since}: ${message} ${next}` };
  }
  const stuck = sayStuck(fleet);
  if (holdsAll(fleet)) return { status: 'False', reason: 'RolloutHalted', message: stuck };
  if (!rollout) return { status: 'True', reason: 'Complete', message: 'No change has been rolled out yet.' };
  const { startedAt, endedAt, total, updated, estimatedEndAt } = rollout;
  if (endedAt) {
    const message = `${updated} of ${total} Workspaces were replaced from ${startedAt} to ${endedAt}.`;
    return { status: 'True', reason: 'Complete', message };
  }
  const until = estimatedEndAt ? `, about ${estimatedEndAt} at the present pace` : '';
  const message =
    `${updated} of ${total} Workspaces replaced since ${startedAt}; ${fleet.unavailable} of at most ${fleet.limit} are down${until}. ${stuck}`.trim();
  return { status: 'False', reason: 'RollingOut', message };
}

/** Which of those that were given up don't come back, and what that holds up. */
function sayStuck({ stuck }: ClassFacts['fleet']): string {
  const { count, example } = stuck.refused;
  const others = count > 1 ? ` and ${count - 1} more` : '';
  const refused =
    count > 0
      ? [
          `EC2 refuses to launch ${example}${others}, given up for a change; nothing else is given up until it serves again. The roll-out then goes on automatically. The condition Ready of ${example} says what EC2 refuses.`,
        ]
      : [];
  const halted = stuck.namespaces.map(
    ({ namespace, example: first }) =>
      `Namespace ${namespace} is halted until ${first}, given up for a change, serves again: its owner must fix what it alone has, or set spec.requests.resume to a new value.`,
  );
  return [...refused, ...halted].join(' ');
}

/** One event for each change of an aspect's reason. */
export function transitions(
  before: WorkspaceClassStatus['conditions'],
  after: readonly Condition[],
): ClassEvent[] {
  if (!before) return [];
  return CLASS_ASPECT_TYPES.flatMap((type): ClassEvent[] => {
    const [was, is] = [before, after].map((all) => all.find((condition) => condition.type === type));
    if (!was || !is || (was.status === is.status && was.reason === is.reason)) return [];
    const reason = classTraitsOf(type, is.reason)?.event;
    return reason ? [{ type: CLASS_EVENTS[reason], reason, message: is.message }] : [];
  });
}
