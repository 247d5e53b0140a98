import type { Verdict } from '../../../../api/base/meta.ts';
import { type AspectReason, stateReason } from '../../../../api/reasons/conditionReasons.ts';
import { iso, type WallMs } from '../../../../controller/lib/time.ts';
import { isCurrent } from '../desire/change.ts';
import { isUnderLostKey } from '../desire/desired.ts';
import { conditionOf } from '../facts/verdict.ts';
import type { View } from '../facts/view.ts';
import { announcedEnd } from '../health/interruption.ts';
import { leftOutNote } from '../health/leftOut.ts';
import { isHeard, isSilent } from '../health/silence.ts';
import { findInstance, heartbeatOf } from '../record/ending.ts';

/** Judges the instance by EC2's view. */
export function judgeInstance(view: View): Verdict<AspectReason<'InstanceReady'>> {
  const { instance, launch } = view.status;
  if (!instance) return { status: 'False', reason: 'NoInstance', message: 'There is no instance.' };
  const running = instance.state === 'running' && launch?.instanceID === instance.id;
  const impaired = running && findInstance(view, instance.id)?.impaired;
  // One witness is enough: an instance that heartbeats is alive, even if a status check fails.
  if (impaired) {
    const message = `EC2 says that ${instance.id} is running, but its ${impaired.kind} status check fails; while it heartbeats it stays.`;
    return { status: 'False', reason: 'Impaired', message };
  }
  const status = instance.state === 'Unknown' ? 'Unknown' : running ? 'True' : 'False';
  const announced = running && announcedEnd(view, launch);
  if (announced) return { status, reason: 'Interrupted', message: announced };
  const message =
    status === 'Unknown'
      ? `EC2 does not show ${instance.id} just now.`
      : `EC2 says that ${instance.id} is ${instance.state}.`;
  return { status, reason: stateReason(instance.state), message };
}

/** Judges the launch by its heartbeats. */
export function judgeHeartbeat(view: View): Verdict<AspectReason<'HeartbeatHealthy'>> {
  const { heartbeats } = view.facts;
  const { launch } = view.status;
  const row = launch && heartbeatOf(view, launch);
  if (heartbeats.available && row && isHeard(row))
    return { status: 'True', reason: 'Heartbeating', message: `Launch ${row.number} sends heartbeats.` };
  if (heartbeats.available && launch?.readyAt === undefined)
    return { status: 'False', reason: 'NoHeartbeat', message: 'This launch has not sent a heartbeat.' };
  if (launch && isSilent(view, launch)) {
    const message = silence(launch.number, row?.lastHeartbeatAt);
    return { status: 'False', reason: 'HeartbeatLost', message };
  }
  // Missing evidence changes no verdict; but a verdict on an earlier launch does not hold for this one.
  const kept = launch?.readyAt === undefined ? undefined : conditionOf(view, 'HeartbeatHealthy');
  const message = 'Heartbeats can not be judged just now.';
  return kept ?? { status: 'Unknown', reason: 'NoEvidence', message };
}

function silence(number: number, lastHeartbeatAt: WallMs | undefined): string {
  const since = lastHeartbeatAt === undefined ? '' : ` since ${iso(lastHeartbeatAt)}`;
  return `No heartbeat from launch ${number}${since}.`;
}

/** Whether the instance holds the environment as the Secrets have it. */
export function judgeSecrets(view: View): Verdict<AspectReason<'SecretsSynced'>> {
  const { environment } = view.facts;
  const { desired, instance, launch } = view.status;
  if (environment.kind === 'Missing') {
    const names = environment.secrets.join(', ');
    return { status: 'False', reason: 'SecretMissing', message: `Missing: ${names}.` };
  }
  if (environment.kind === 'Unusable')
    return { status: 'False', reason: environment.reason, message: environment.message };
  const kept = conditionOf(view, 'SecretsSynced');
  if (environment.kind !== 'Merged') {
    return kept ?? { status: 'Unknown', reason: 'Unread', message: 'The Secrets have not been read.' };
  }
  const note = leftOutNote(environment.leftOut);
  if (!desired || instance?.env === undefined || launch?.instanceID !== instance.id) {
    return {
      status: 'False',
      reason: 'NotServed',
      message: `The instance has not fetched its environment.${note}`,
    };
  }
  const current = isCurrent(view, { ...launch, machine: undefined });
  if (current && isUnderLostKey(view.facts, instance.env)) {
    const message = `The key that the instance's environment was digested with is gone: it held the desired one when that could last be compared.${note}`;
    return { status: 'Unknown', reason: 'KeyLost', message };
  }
  return current
    ? { status: 'True', reason: 'Synced', message: `The instance holds the environment as it is.${note}` }
    : { status: 'False', reason: 'Outdated', message: `The instance holds an older environment.${note}` };
}
