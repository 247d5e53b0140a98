import { conditionFor } from '../../../../api/base/conditions.ts';
import type { Condition, Verdict } from '../../../../api/base/meta.ts';
import { namesOf } from '../../../../api/base/table.ts';
import {
  type AspectReason,
  type ConditionType,
  isTrouble,
} from '../../../../api/reasons/conditionReasons.ts';
import { isReason, type Reason, standingOf } from '../../../../api/reasons/reasons.ts';
import { iso } from '../../../../controller/lib/time.ts';
import { judgeEarlier } from '../desire/earlier.ts';
import { type EventIntent, eventOf } from '../facts/decision.ts';
import { conditionOf } from '../facts/verdict.ts';
import type { View } from '../facts/view.ts';
import { moveObstacle } from '../room/move.ts';
import { judgeHeartbeat, judgeInstance, judgeSecrets } from './evidence.ts';
import { deferredGeneration } from './ledger.ts';
import { observedGeneration } from './observed.ts';
import { judgeReady } from './ready.ts';
import { judgeTags } from './tags.ts';
import { judgeUpToDate } from './upToDate.ts';

/** The verdict of each condition. */
interface Verdicts extends Record<ConditionType, Verdict<string> | undefined> {
  Ready: Verdict<Reason>;
  InstanceReady: Verdict<AspectReason<'InstanceReady'>>;
  HeartbeatHealthy: Verdict<AspectReason<'HeartbeatHealthy'>>;
  SecretsSynced: Verdict<AspectReason<'SecretsSynced'>>;
  UpToDate: Verdict<Reason>;
  EarlierInstance: Verdict<AspectReason<'EarlierInstance'>> | undefined;
  TagsMissing: Verdict<AspectReason<'TagsMissing'>> | undefined;
  Reconciling: Verdict<AspectReason<'Reconciling'> | Reason>;
  Stalled: Verdict<AspectReason<'Stalled'> | Reason>;
}

/** The conditions and events of a decision. They come from a view, so that showing a decision can't change it. */
interface Shown {
  observedGeneration: number;
  conditions: Condition[];
  /** One event for each transition; for Ready under its own reason. */
  events: EventIntent[];
}

/** Judges every condition again. */
export function judgeConditions(view: View): Shown {
  const ready = judgeReady(view);
  const instance = judgeInstance(view);
  const upToDate = judgeUpToDate(view, ready);
  const earlier = judgeEarlier(view);
  const tags = judgeTags(view);
  const settled = (ready.status === 'True' && upToDate.status === 'True') || atRest(view);
  const stalled = [ready, upToDate].find(({ reason }) => standingOf(reason) === 'needsPerson');
  const reconciling = settled || stalled ? 'False' : 'True';
  const verdicts: Verdicts = {
    Ready: ready,
    InstanceReady: instance,
    HeartbeatHealthy: judgeHeartbeat(view),
    SecretsSynced: judgeSecrets(view),
    UpToDate: upToDate,
    EarlierInstance: earlier,
    TagsMissing: tags,
    Reconciling: settled
      ? { status: reconciling, reason: 'Settled', message: '' }
      : { ...(ready.status === 'True' ? upToDate : ready), status: reconciling, message: '' },
    Stalled: stalled
      ? { ...stalled, status: 'True' }
      : { status: 'False', reason: 'Progressing', message: '' },
  };
  const generation = observedGeneration(view);
  const at = iso(view.now.wall);
  const judged = new Map<string, Condition>();
  for (const type of namesOf(verdicts)) {
    const verdict = verdicts[type];
    if (!verdict) continue;
    const before = conditionOf(view, type);
    judged.set(type, conditionFor(type, verdict, { before, generation, at }));
  }
  const before = view.status.conditions ?? [];
  const known = before.map((condition) => judged.get(condition.type) ?? condition);
  const fresh = [...judged.values()].filter(({ type }) => !before.some((it) => it.type === type));
  return {
    observedGeneration: generation,
    conditions: [...known, ...fresh],
    events: [
      ...reportTrouble(view, instance),
      ...reportDeferral(view, upToDate),
      ...reportRestart(view, upToDate),
      ...reportBlocker(view, ready, upToDate),
      ...reportOnce(view, 'EarlierInstance', earlier),
      ...reportOnce(view, 'TagsMissing', tags),
      ...reportReady(view, ready),
    ],
  };
}

/** Stopped, as it was asked to be. */
function atRest(view: View): boolean {
  const { launch, terminating, instance } = view.status;
  if (view.facts.workspace.spec.operatingMode !== 'Stopped' || terminating) return false;
  return launch?.phase === 'Closed' || (launch?.phase === 'Stopped' && instance?.state === 'stopped');
}

/** Emits one event for a blocker of a change while Ready stays as it was; the class reports a line. */
function reportBlocker(
  view: View,
  ready: Verdict<Reason>,
  { reason, message }: Verdict<Reason>,
): EventIntent[] {
  if (conditionOf(view, 'Ready')?.status !== 'True' || ready.status !== 'True') return [];
  const blocker = [view.blocker, moveObstacle(view)].find((it) => it?.reason === reason);
  if (!blocker || conditionOf(view, 'UpToDate')?.reason === reason) return [];
  return standingOf(reason) === 'inLine' ? [] : [eventOf(blocker.reason, message)];
}

/** Emits one event for trouble that EC2 reports of an instance that may still serve. */
function reportTrouble(view: View, { reason, message }: Verdicts['InstanceReady']): EventIntent[] {
  if (!isTrouble(reason) || conditionOf(view, 'InstanceReady')?.reason === reason) return [];
  return [eventOf(reason, message)];
}

/** Emits one event for each generation that is deferred. */
function reportDeferral({ facts, status }: View, { message }: Verdict<Reason>): EventIntent[] {
  const { deferred } = status;
  const recorded = facts.workspace.status;
  if (!deferred || (recorded && deferredGeneration(recorded) === deferred.generation)) return [];
  return [eventOf('Deferred', message)];
}

/** Emits one event each time that a restart begins to wait. */
function reportRestart(view: View, { reason, message }: Verdict<Reason>): EventIntent[] {
  if (reason !== 'RestartBackOff' || conditionOf(view, 'UpToDate')?.reason === reason) return [];
  return [eventOf(reason, message)];
}

/** Emits one event under the condition's own name when it becomes True. */
function reportOnce(
  view: View,
  type: 'EarlierInstance' | 'TagsMissing',
  verdict: Verdict<string> | undefined,
): EventIntent[] {
  if (verdict?.status !== 'True' || conditionOf(view, type)?.status === 'True') return [];
  return [eventOf(type, verdict.message)];
}

/** Emits an event under Ready's own reason, unless another release wrote that reason and so has emitted it. */
function reportReady(view: View, { status, reason, message }: Verdict<Reason>): EventIntent[] {
  const before = conditionOf(view, 'Ready');
  if (!before || (before.reason === reason && before.status === status)) return [];
  return isReason(reason) ? [eventOf(reason, message)] : [];
}
