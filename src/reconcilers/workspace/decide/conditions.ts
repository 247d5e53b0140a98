import type { Condition } from '../../../api/meta.ts';
import { type EventIntent, iso } from './decision.ts';
import { judgeEarlier } from './earlier.ts';
import { judgeHeartbeat, judgeInstance, judgeSecrets } from './evidence.ts';
import { deferredGeneration } from './ledger.ts';
import { observedGeneration } from './observed.ts';
import { judgeReady } from './ready.ts';
import { judgeUpToDate } from './upToDate.ts';
import { conditionOf, type Verdict } from './verdict.ts';
import type { View } from './view.ts';

/** Reasons that stay until a person mends something. */
const NEEDS_A_PERSON = new Set([
  'ClassNotFound',
  'ClassNotAllowed',
  'SecretMissing',
  'InvalidConfiguration',
  'QuotaExceeded',
  'RolloutHalted',
]);
/** Reasons of InstanceReady that are events of their own. */
const TROUBLE = new Set(['Impaired', 'Interrupted']);
/** Waits for others of the class, which the class tells of. */
const IN_LINE = new Set(['RolloutQueued', 'RolloutVerifying']);
const NORMAL = new Set(['Ready', 'Launching', 'Booting', 'Restarting', 'Paused', 'Stopped', 'Terminating']);

/** What the conditions come to: all of it from a view, so that showing a decision can't change it. */
interface Shown {
  observedGeneration: number;
  conditions: Condition[];
  /** A transition is told once, and Ready's under its own reason. */
  events: EventIntent[];
}

/** Judges every condition anew. */
export function judgeConditions(view: View): Shown {
  const ready = judgeReady(view);
  const instance = judgeInstance(view);
  const upToDate = judgeUpToDate(view, ready);
  const earlier = judgeEarlier(view);
  const settled = (ready.status === 'True' && upToDate.status === 'True') || atRest(view);
  const stalled = [ready.reason, upToDate.reason].find((reason) => NEEDS_A_PERSON.has(reason));
  const verdicts: [string, Verdict][] = [
    ['Ready', ready],
    ['InstanceReady', instance],
    ['HeartbeatHealthy', judgeHeartbeat(view)],
    ['SecretsSynced', judgeSecrets(view)],
    ['UpToDate', upToDate],
    ...(earlier ? [['EarlierInstance', earlier] satisfies [string, Verdict]] : []),
    [
      'Reconciling',
      {
        status: settled || stalled ? 'False' : 'True',
        reason: settled ? 'Settled' : ready.status === 'True' ? upToDate.reason : ready.reason,
        message: '',
      },
    ],
    [
      'Stalled',
      {
        status: stalled ? 'True' : 'False',
        reason: stalled ?? 'Progressing',
        message: stalled ? (ready.reason === stalled ? ready.message : upToDate.message) : '',
      },
    ],
  ];
  const generation = observedGeneration(view);
  const judged = new Map(verdicts.map(([type, verdict]) => [type, write(view, generation, type, verdict)]));
  const before = view.status.conditions ?? [];
  const known = before.map((condition) => judged.get(condition.type) ?? condition);
  const fresh = [...judged.values()].filter(({ type }) => !before.some((it) => it.type === type));
  return {
    observedGeneration: generation,
    conditions: [...known, ...fresh],
    events: [
      ...tellTrouble(view, instance),
      ...tellDeferral(view, upToDate),
      ...tellBlocker(view, ready, upToDate),
      ...tellEarlier(view, earlier),
      ...tellReady(view, ready),
    ],
  };
}

function write(view: View, generation: number, type: string, verdict: Verdict): Condition {
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

/** What keeps a change from an instance that serves is told once, as Ready stays what it was. */
function tellBlocker(view: View, ready: Verdict, { reason, message }: Verdict): EventIntent[] {
  if (conditionOf(view, 'Ready')?.status !== 'True' || ready.status !== 'True') return [];
  if (reason !== view.blocker?.reason || conditionOf(view, 'UpToDate')?.reason === reason) return [];
  return IN_LINE.has(reason) ? [] : [{ type: 'Warning', reason, message }];
}

/** What EC2 says against an instance that may still serve is told once. */
function tellTrouble(view: View, { reason, message }: Verdict): EventIntent[] {
  if (!TROUBLE.has(reason) || conditionOf(view, 'InstanceReady')?.reason === reason) return [];
  return [{ type: 'Warning', reason, message }];
}

/** A deferral is told once for each generation. */
function tellDeferral({ facts, status }: View, { reason, message }: Verdict): EventIntent[] {
  const { deferred } = status;
  const recorded = facts.workspace.status;
  if (!deferred || (recorded && deferredGeneration(recorded) === deferred.generation)) return [];
  return [{ type: 'Normal', reason, message }];
}

function tellEarlier(view: View, earlier: Verdict | undefined): EventIntent[] {
  if (earlier?.status !== 'True' || conditionOf(view, 'EarlierInstance')?.status === 'True') return [];
  return [{ type: 'Warning', reason: 'EarlierInstance', message: earlier.message }];
}

function tellReady(view: View, { status, reason, message }: Verdict): EventIntent[] {
  const before = conditionOf(view, 'Ready');
  if (!before || (before.reason === reason && before.status === status)) return [];
  return [{ type: NORMAL.has(reason) ? 'Normal' : 'Warning', reason, message }];
}
