import type { Condition } from '../../../api/meta.ts';
import { isCurrent, progresses } from './change.ts';
import { type Draft, iso } from './decision.ts';
import { isUnderLostKey } from './desired.ts';
import { judgeEarlier } from './earlier.ts';
import { findInstance, heartbeatOf } from './ending.ts';
import { announcedEnd } from './interruption.ts';
import { deferralMessage, deferralOf } from './ledger.ts';
import { observedGeneration } from './observed.ts';
import { judgeReady, type Verdict } from './ready.ts';
import { isHeard, isSilent } from './silence.ts';

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

/** Writes every condition anew from the draft; each transition of Ready is one event of the same name. */
export function writeConditions(draft: Draft): void {
  const before = conditionOf(draft, 'Ready');
  const ready = judgeReady(draft);
  set(draft, 'Ready', ready);
  const instance = judgeInstance(draft);
  reportTrouble(draft, instance);
  set(draft, 'InstanceReady', instance);
  set(draft, 'HeartbeatHealthy', judgeHeartbeat(draft));
  set(draft, 'SecretsSynced', judgeSecrets(draft));
  const upToDate = judgeUpToDate(draft, ready);
  reportDeferral(draft, upToDate);
  if (before?.status === 'True' && ready.status === 'True') reportBlocker(draft, upToDate);
  set(draft, 'UpToDate', upToDate);
  const earlier = judgeEarlier(draft);
  if (earlier) set(draft, 'EarlierInstance', earlier);
  const settled = (ready.status === 'True' && upToDate.status === 'True') || atRest(draft);
  const stalled = [ready.reason, upToDate.reason].find((reason) => NEEDS_A_PERSON.has(reason));
  set(draft, 'Reconciling', {
    status: settled || stalled ? 'False' : 'True',
    reason: settled ? 'Settled' : ready.status === 'True' ? upToDate.reason : ready.reason,
    message: '',
  });
  set(draft, 'Stalled', {
    status: stalled ? 'True' : 'False',
    reason: stalled ?? 'Progressing',
    message: stalled ? (ready.reason === stalled ? ready.message : upToDate.message) : '',
  });
  draft.status.observedGeneration = observedGeneration(draft);
  if (before && (before.reason !== ready.reason || before.status !== ready.status)) {
    draft.events.push({
      type: NORMAL.has(ready.reason) ? 'Normal' : 'Warning',
      reason: ready.reason,
      message: ready.message,
    });
  }
}

/** Stopped, as it was asked to be. */
function atRest(draft: Draft): boolean {
  const { launch, terminating, instance } = draft.status;
  if (draft.facts.workspace.spec.operatingMode !== 'Stopped' || terminating) return false;
  return launch?.phase === 'Closed' || (launch?.phase === 'Stopped' && instance?.state === 'stopped');
}

function conditionOf(draft: Draft, type: string): Condition | undefined {
  return draft.status.conditions?.find((condition) => condition.type === type);
}

function set(draft: Draft, type: string, verdict: Verdict): void {
  const previous = conditionOf(draft, type);
  const next: Condition = {
    type,
    status: verdict.status,
    observedGeneration: observedGeneration(draft),
    lastTransitionTime:
      previous?.status === verdict.status ? previous.lastTransitionTime : iso(draft.now.wall),
    reason: verdict.reason,
    // Half a character at the cut would come back from the API server as another one, and be written again each time.
    message: verdict.message.slice(0, 4096).toWellFormed(),
  };
  const conditions = draft.status.conditions ?? [];
  draft.status.conditions = previous
    ? conditions.map((condition) => (condition.type === type ? next : condition))
    : [...conditions, next];
}

function judgeInstance(draft: Draft): Verdict {
  const { instance, launch } = draft.status;
  if (!instance) return { status: 'False', reason: 'NoInstance', message: 'There is no instance.' };
  const running = instance.state === 'running' && launch?.instanceID === instance.id;
  const impaired = running && findInstance(draft, instance.id)?.impaired;
  // One witness: what heartbeats is alive, whatever else fails.
  if (impaired) {
    const message = `EC2 says that ${instance.id} is running, but its ${impaired.kind} status check fails; while it heartbeats it stays.`;
    return { status: 'False', reason: 'Impaired', message };
  }
  const status = instance.state === 'Unknown' ? 'Unknown' : running ? 'True' : 'False';
  const announced = running && announcedEnd(draft, launch);
  if (announced) return { status, reason: 'Interrupted', message: announced };
  const reason = instance.state.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
  const message =
    status === 'Unknown'
      ? `EC2 does not show ${instance.id} just now.`
      : `EC2 says that ${instance.id} is ${instance.state}.`;
  return { status, reason, message };
}

function judgeHeartbeat(draft: Draft): Verdict {
  const { heartbeats } = draft.facts;
  const { launch } = draft.status;
  const row = launch && heartbeatOf(draft, launch);
  if (heartbeats.available && row && isHeard(row))
    return { status: 'True', reason: 'Heartbeating', message: `Launch ${row.number} sends heartbeats.` };
  if (heartbeats.available && launch?.readyAt === undefined)
    return { status: 'False', reason: 'NoHeartbeat', message: 'This launch has not sent a heartbeat.' };
  if (launch && isSilent(draft, launch)) {
    const message = silence(launch.number, row?.lastHeartbeatAt);
    return { status: 'False', reason: 'HeartbeatLost', message };
  }
  // Missing evidence changes no verdict; but one on an earlier launch says nothing of this one.
  const kept = launch?.readyAt === undefined ? undefined : conditionOf(draft, 'HeartbeatHealthy');
  const unjudged = { reason: 'NoEvidence', message: 'Heartbeats can not be judged just now.' };
  return kept ?? { status: 'Unknown', ...unjudged };
}

function silence(number: number, lastHeartbeatAt: number | undefined): string {
  const since = lastHeartbeatAt === undefined ? '' : ` since ${iso(lastHeartbeatAt)}`;
  return `No heartbeat from launch ${number}${since}.`;
}

function judgeSecrets(draft: Draft): Verdict {
  const { environment } = draft.facts;
  const { desired, instance, launch } = draft.status;
  if (environment.kind === 'Missing') {
    const names = environment.secrets.join(', ');
    return { status: 'False', reason: 'SecretMissing', message: `Missing: ${names}.` };
  }
  const kept = conditionOf(draft, 'SecretsSynced');
  if (environment.kind === 'Unknown') {
    return kept ?? { status: 'Unknown', reason: 'Unread', message: 'The Secrets have not been read.' };
  }
  const left = environment.skipped.length;
  const note =
    left > 0
      ? ` Left out, as their keys are no variable names: ${environment.skipped.slice(0, 8).join(', ')}.`
      : '';
  if (!desired || instance?.env === undefined || launch?.instanceID !== instance.id) {
    return {
      status: 'False',
      reason: 'NotServed',
      message: `The instance has not fetched its environment.${note}`,
    };
  }
  const current = isCurrent(draft, { ...launch, machine: undefined });
  if (current && isUnderLostKey(draft.facts, instance.env)) {
    const message = `The key that the instance's environment was digested with is gone: it held the desired one when that could be told.${note}`;
    return { status: 'Unknown', reason: 'KeyLost', message };
  }
  return current
    ? { status: 'True', reason: 'Synced', message: `The instance holds the environment as it is.${note}` }
    : { status: 'False', reason: 'Outdated', message: `The instance holds an older environment.${note}` };
}

function judgeUpToDate(draft: Draft, ready: Verdict): Verdict {
  const { launch, desired, instance } = draft.status;
  if (!launch || !desired) return { status: 'False', reason: ready.reason, message: ready.message };
  if (draft.deferredUntil !== undefined) {
    const why = `launch ${launch.number} is ${progresses(draft, launch) ? 'still starting' : 'too young'}`;
    const message = deferralMessage({
      ...desired,
      names: names(desired.changed),
      until: iso(draft.deferredUntil),
      why,
    });
    return { status: 'False', reason: 'Deferred', message };
  }
  const current = isCurrent(draft, launch);
  if (draft.blocker && (ready.status === 'True' || !current)) return { status: 'False', ...draft.blocker };
  const paused = draft.facts.workspace.spec.paused;
  if (!current) {
    const reason = paused ? 'Paused' : 'Updating';
    return {
      status: 'False',
      reason,
      message: `Generation ${desired.generation} (${desired.cause}) is not carried out.`,
    };
  }
  if (paused && held(draft)) {
    const message = 'A change or a restart was asked for; it follows once spec.paused is unset.';
    return { status: 'False', reason: 'Paused', message };
  }
  const served = instance?.env !== undefined && instance.id === launch.instanceID;
  if (launch.phase !== 'Submitted' || launch.ended || !served) {
    return { status: 'False', reason: ready.reason, message: ready.message };
  }
  return { status: 'True', reason: 'UpToDate', message: `Generation ${desired.generation} is carried out.` };
}

/** Whether a pause holds something back. */
function held({ facts, status }: Draft): boolean {
  const { restart } = facts.workspace.spec.requests;
  return facts.process.change !== undefined || (restart ? restart !== status.handled?.restart : false);
}

function names(changed: readonly string[] | undefined): string {
  return changed && changed.length > 0 ? `: ${changed.slice(0, 5).join(', ')}` : '';
}

/** What keeps a change from an instance that serves is told once, as Ready stays what it was. */
function reportBlocker(draft: Draft, { reason, message }: Verdict): void {
  if (reason !== draft.blocker?.reason || conditionOf(draft, 'UpToDate')?.reason === reason) return;
  if (IN_LINE.has(reason)) return;
  draft.events.push({ type: 'Warning', reason, message });
}

/** What EC2 says against an instance that may still serve is told once. */
function reportTrouble(draft: Draft, { reason, message }: Verdict): void {
  if (!TROUBLE.has(reason) || conditionOf(draft, 'InstanceReady')?.reason === reason) return;
  draft.events.push({ type: 'Warning', reason, message });
}

/** A deferral is told once for each generation. */
function reportDeferral(draft: Draft, verdict: Verdict): void {
  const { desired } = draft.status;
  if (verdict.reason !== 'Deferred' || !desired || draft.deferredUntil === undefined) return;
  if (deferralOf(draft.status)?.generation === desired.generation) return;
  draft.events.push({ type: 'Normal', reason: 'Deferred', message: verdict.message });
}
