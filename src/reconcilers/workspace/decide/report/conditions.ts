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

/** What each condition may say. */
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

/** What the conditions come to: all of it from a view, so that showing a decision can't change it. */
interface Shown {
  observedGeneration: number;
  conditions: Condition[];
  /** A transition is told once, and Ready's under its own reason. */
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
  const judged = new Map<string, Condition>();
  for (const type of namesOf(verdicts)) {
    const verdict = verdicts[type];
    if (verdict) judged.set(type, write(view, generation, type, verdict));
  }
  const before = view.status.conditions ?? [];
  const known = before.map((condition) => judged.get(condition.type) ?? condition);
  const fresh = [...judged.values()].filter(({ type }) => !before.some((it) => it.type === type));
  return {
    observedGeneration: generation,
    conditions: [...known, ...fresh],
    events: [
      ...tellTrouble(view, instance),
      ...tellDeferral(view, upToDate),
      ...tellRestart(view, upToDate),
      ...tellBlocker(view, ready, upToDate),
      ...tellOnce(view, 'EarlierInstance', earlier),
      ...tellOnce(view, 'TagsMissing', tags),
      ...tellReady(view, ready),
    ],
  };
}

function write(view: View, generation: number, type: ConditionType, verdict: Verdict<string>): Condition {
  const previous = conditionOf(view, type);
  return {
    type,
    status: verdict.status,
    observedGeneration: generation,
    lastTransitionTime:
      previous?.status === verdict.status ? previous.lastTransitionTime : iso(view.now.wall),
    reason: verdict.reason,
    // Half a character at the cut would come back from the API server as another one, and be written again each time.
    message: verdict.message.slice(0, 4096).toWellFormed(),
  };
}

/** Stopped, as it was asked to be. */
function atRest(view: View): boolean {
  const { launch, terminating, instance } = view.status;
  if (view.facts.workspace.spec.operatingMode !== 'Stopped' || terminating) return false;
  return launch?.phase === 'Closed' || (launch?.phase === 'Stopped' && instance?.state === 'stopped');
}

/** What keeps a change from an instance that serves is told once, as Ready stays what it was; its class tells of a line. */
function tellBlocker(
  view: View,
  ready: Verdict<Reason>,
  { reason, message }: Verdict<Reason>,
): EventIntent[] {
  if (conditionOf(view, 'Ready')?.status !== 'True' || ready.status !== 'True') return [];
  const blocker = [view.blocker, moveObstacle(view)].find((it) => it?.reason === reason);
  if (!blocker || conditionOf(view, 'UpToDate')?.reason === reason) return [];
  return standingOf(reason) === 'inLine' ? [] : [eventOf(blocker.reason, message)];
}

/** What EC2 says against an instance that may still serve is told once. */
function tellTrouble(view: View, { reason, message }: Verdicts['InstanceReady']): EventIntent[] {
  if (!isTrouble(reason) || conditionOf(view, 'InstanceReady')?.reason === reason) return [];
  return [eventOf(reason, message)];
}

/** A deferral is told once for each generation. */
function tellDeferral({ facts, status }: View, { message }: Verdict<Reason>): EventIntent[] {
  const { deferred } = status;
  const recorded = facts.workspace.status;
  if (!deferred || (recorded && deferredGeneration(recorded) === deferred.generation)) return [];
  return [eventOf('Deferred', message)];
}

/** That a restart waits is told once for each time that one does. */
function tellRestart(view: View, { reason, message }: Verdict<Reason>): EventIntent[] {
  if (reason !== 'RestartBackOff' || conditionOf(view, 'UpToDate')?.reason === reason) return [];
  return [eventOf(reason, message)];
}

/** That it became True is told once, under its own name. */
function tellOnce(
  view: View,
  type: 'EarlierInstance' | 'TagsMissing',
  verdict: Verdict<string> | undefined,
): EventIntent[] {
  if (verdict?.status !== 'True' || conditionOf(view, type)?.status === 'True') return [];
  return [eventOf(type, verdict.message)];
}

/** Under its own reason; one that another release wrote has been told by it. */
function tellReady(view: View, { status, reason, message }: Verdict<Reason>): EventIntent[] {
  const before = conditionOf(view, 'Ready');
  if (!before || (before.reason === reason && before.status === status)) return [];
  return isReason(reason) ? [eventOf(reason, message)] : [];
}
