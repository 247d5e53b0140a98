import type { Condition } from '../../../api/meta.ts';
import type { WorkspaceClassStatus } from '../../../api/workspaceClassStatus.ts';
import { judgeCloud, judgeEvidence } from './evidence.ts';
import type { ClassFacts, ClassNow } from './facts.ts';
import { iso } from './progress.ts';

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

export interface ClassEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** One aspect each; the summary comes first and is the first of them that is not well. */
const ASPECTS: readonly [
  type: string,
  judge: (facts: ClassFacts, status: WorkspaceClassStatus) => Verdict,
][] = [
  ['Resolved', judgeResolved],
  ['Launchable', judgeLaunchable],
  ['RolloutComplete', judgeRollout],
  ['EvidenceAvailable', judgeEvidence],
  ['CloudAvailable', judgeCloud],
];

/** What keeps a class from being Ready: somebody must mend it, or nothing new comes up. */
const GRAVE = new Set(['InvalidConfiguration', 'CloudUnavailable', 'QuotaExceeded', 'RolloutHalted']);

export function judge(facts: ClassFacts, status: WorkspaceClassStatus, now: ClassNow): Condition[] {
  const verdicts = ASPECTS.map(([type, judgeAspect]) => [type, judgeAspect(facts, status)] as const);
  const bad = verdicts.find(([, { status: holds, reason }]) => holds !== 'True' && GRAVE.has(reason))?.[1];
  const ready: Verdict = bad ?? {
    status: 'True',
    reason: 'Ready',
    message: 'Workspaces of this class can be launched.',
  };
  return [['Ready', ready] as const, ...verdicts].map(([type, verdict]) => {
    const before = conditionOf(facts.klass.status, type);
    return {
      type,
      status: verdict.status,
      observedGeneration: facts.klass.metadata.generation ?? 0,
      lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : iso(now.wall),
      reason: verdict.reason,
      message: verdict.message.slice(0, 4096).toWellFormed(),
    };
  });
}

function conditionOf(status: WorkspaceClassStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

function judgeResolved({ klass, resolution }: ClassFacts): Verdict {
  if (resolution.ok) {
    return { status: 'True', reason: 'Resolved', message: 'Images, subnets and security groups are there.' };
  }
  // Missing evidence changes no verdict.
  const kept = conditionOf(klass.status, 'Resolved');
  if (resolution.kind === 'unavailable') {
    return kept ?? { status: 'Unknown', reason: 'CloudUnavailable', message: resolution.message };
  }
  return { status: 'False', reason: 'InvalidConfiguration', message: resolution.message };
}

const ADVICE = {
  QuotaExceeded: 'have AWS raise the quota, or end what is not needed',
  CapacityUnavailable: 'more instance types or subnets in the class would help',
  ClassLimitReached: 'raise maxInstances or maxInstancesPerNamespace, or delete what is not needed',
} as const;

/** What refuses many of a class is said once, here. */
function judgeLaunchable({ fleet }: ClassFacts): Verdict {
  const [worst] = fleet.blocked;
  if (!worst) return { status: 'True', reason: 'Launchable', message: 'No launch is refused.' };
  const { reason, count, example } = worst;
  const who = count === 1 ? example : `${count} Workspaces, ${example} among them,`;
  const message = `${who} can’t be launched (${reason}): ${ADVICE[reason]}.`;
  return { status: 'False', reason, message };
}

function judgeRollout({ fleet }: ClassFacts, { rollout, halted }: WorkspaceClassStatus): Verdict {
  const [halt] = halted ?? [];
  if (halt) {
    const { since, message } = halt;
    const next = 'Mend the class or the Secret, or set spec.requests.resume to a new value.';
    return { status: 'False', reason: 'RolloutHalted', message: `Halted at ${since}: ${message} ${next}` };
  }
  if (!rollout) return { status: 'True', reason: 'Complete', message: 'No change has been rolled out yet.' };
  const { startedAt, endedAt, total, updated, estimatedEndAt } = rollout;
  if (endedAt) {
    const message = `${updated} of ${total} Workspaces were replaced from ${startedAt} to ${endedAt}.`;
    return { status: 'True', reason: 'Complete', message };
  }
  const until = estimatedEndAt ? `, about ${estimatedEndAt} at the present pace` : '';
  const message = `${updated} of ${total} Workspaces replaced since ${startedAt}; ${fleet.unavailable} of at most ${fleet.limit} are down${until}.`;
  return { status: 'False', reason: 'RollingOut', message };
}

/** Each change of an aspect's reason is told once. */
export function transitions(
  before: WorkspaceClassStatus['conditions'],
  after: readonly Condition[],
): ClassEvent[] {
  if (!before) return [];
  return after.flatMap(({ type, status, reason, message }): ClassEvent[] => {
    const earlier = before.find((condition) => condition.type === type);
    if (type === 'Ready' || !earlier || (earlier.status === status && earlier.reason === reason)) return [];
    const wellKnown = status === 'True' || reason === 'RollingOut';
    return [{ type: wellKnown ? 'Normal' : 'Warning', reason: eventReason(type, reason), message }];
  });
}

/** A word that says by itself what it is about. */
function eventReason(type: string, reason: string): string {
  return reason === 'Complete' || reason === 'Available' ? type : reason;
}
