import type { Condition, Verdict } from '../../../../api/base/meta.ts';
import { own } from '../../../../api/base/own.ts';
import { servedByConditions } from '../../../../api/launch/served.ts';
import type { Reason } from '../../../../api/reasons/reasons.ts';
import { sweptThisTerm } from '../facts/swept.ts';
import { conditionOf } from '../facts/verdict.ts';
import type { Blocker, FrozenLaunch, View } from '../facts/view.ts';
import { announcedEnd } from '../health/interruption.ts';
import { powerBlocked } from '../health/power.ts';
import { isHeard, isSilent, saidOfSilence } from '../health/silence.ts';
import { sayFallback } from '../offer/refused.ts';
import { findInstance, heartbeatOf, isAnothers, provenGone, saidOfEnd } from '../record/ending.ts';

/** The summary: True while the instance of the present launch runs and is heard; otherwise the deepest blocker's reason. */
export function judgeReady(view: View): Verdict<Reason> {
  const { facts, status, blocker } = view;
  const { launch } = status;
  if (blocker?.reason === 'StatusLost') return { status: 'Unknown', ...blocker };
  if (facts.workspace.metadata.deletionTimestamp !== undefined) return terminating(view);
  if (!launch || status.observedGeneration < 0) {
    return { status: 'Unknown', reason: 'Launching', message: 'Seen for the first time.' };
  }
  if (serves(view, launch)) {
    const trouble = troubleOf(view, launch);
    if (trouble) return trouble;
    const { fallback, params } = launch;
    const sentences = [
      `${launch.instanceID} is running and sends heartbeats.`,
      fallback && params && sayFallback(fallback, params),
      announcedEnd(view, launch),
    ];
    return { status: 'True', reason: 'Ready', message: sentences.filter(Boolean).join(' ') };
  }
  if (blocker) return { status: 'False', ...blocker };
  return { ...progress(view, launch), status: 'False' };
}

function terminating(view: View): Verdict<Reason> {
  if (view.blocker?.reason === 'FinalizerBlocked') return { status: 'False', ...view.blocker };
  const { launch, terminating: left } = view.status;
  const ids = left?.map((entry) => `${entry.instanceID} (launch ${entry.number})`).join(', ');
  const refused = ids && (unknownOwner(view) ?? refusedEnd(view));
  if (refused) return { status: 'False', ...refused };
  const doubt = launch?.phase === 'Submitted' && !launch.instanceID && !launch.ended;
  const message = ids
    ? `Waiting until EC2 says that ${ids} is terminated.`
    : doubt
      ? `Finding out whether launch ${launch.number} created an instance.`
      : whatLetsWait(view);
  return { status: 'False', reason: 'Terminating', message };
}

/** Instances that the status names and whose owner EC2 does not show. */
function unknownOwner(view: View): Blocker | undefined {
  const unknown = view.status.terminating?.flatMap(({ instanceID }) => {
    const instance = findInstance(view, instanceID);
    const isShown = instance && !instance.missing && instance.state !== 'terminated';
    return isShown && instance.clientToken === undefined ? [instanceID] : [];
  });
  if (!unknown?.length) return undefined;
  return {
    reason: 'TerminationBlocked',
    message: `EC2 shows no client token for ${unknown.join(', ')}, which the status names, so it is not known to be this Workspace’s, and the operator does not end it. See whose it is, and end it yourself if it is not needed.`,
  };
}

/** Why the finalizer stays though nothing is on record that must end. */
function whatLetsWait(view: View): string {
  if (!sweptThisTerm(view.facts))
    return 'Waiting for a complete look at EC2, so that no instance is left behind.';
  const live = view.facts.instances.filter(
    (it) => !isAnothers(view, it) && !provenGone(view, it.number, it.id),
  );
  if (live.length === 0) return 'Letting go.';
  return `Waiting until EC2 says that ${live.map(({ id, number }) => `${id} (launch ${number})`).join(', ')} is gone.`;
}

/** EC2's refusal to end an instance that must end now; refusals for other instances ended with those. */
function refusedEnd({ facts, status }: View): Blocker | undefined {
  const refusals = facts.process.terminateRefusals ?? {};
  const refused = (status.terminating ?? []).flatMap(({ instanceID }) => {
    const code = own(refusals, instanceID);
    return code ? [`${instanceID} (${code})`] : [];
  });
  return refused.length === 0
    ? undefined
    : {
        reason: 'TerminationBlocked',
        message: `EC2 refuses to end ${refused.join(', ')}; see whether termination protection is on, and whether the operator may call TerminateInstances. It is asked again automatically.`,
      };
}

/** Whether the present launch's instance runs and is heard, as far as there is evidence. */
export function serves(view: View, launch: FrozenLaunch): boolean {
  const { facts, status } = view;
  if (launch.phase !== 'Submitted' || launch.ended || status.instance?.id !== launch.instanceID) return false;
  const state = status.instance?.state;
  if (state !== 'running' && state !== 'Unknown') return false;
  const heard = facts.heartbeats.available && isHeard(heartbeatOf(view, launch));
  if (state === 'running' && heard) return true;
  if (state === 'running' && isSilent(view, launch)) return false;
  // Missing evidence changes no verdict.
  return launch.readyAt !== undefined && servedByConditions(status.conditions);
}

/** The trouble that the agent reports. It is shown and decides nothing: a new instance would get the same command and environment. */
function troubleOf(view: View, launch: FrozenLaunch): Verdict<Reason> | Condition | undefined {
  const row = heartbeatOf(view, launch);
  if (!view.facts.heartbeats.available || !isHeard(row)) {
    const before = conditionOf(view, 'Ready');
    return before && Object.hasOwn(TROUBLES, before.reason) ? before : undefined;
  }
  if (row?.trouble === undefined) return undefined;
  return { status: 'False', reason: row.trouble, message: `${launch.instanceID} ${TROUBLES[row.trouble]}` };
}

const TROUBLES = {
  CommandFailing:
    "is running and sends heartbeats, but its command can't be started, or fails again and again; its console says how. Nothing replaces it automatically: fix the class's WORKSPACE_COMMAND or WORKSPACE_USER, or what the environment tells the command.",
  GatewayDistrusted:
    'is running, but the CA bundle that it holds does not stand the gateway’s certificate, so it can’t heartbeat. Show a certificate again that the bundle stands, until all instances hold the next bundle.',
} as const;

/** An instance that distrusts the gateway at its first boot ends its handshakes, which is seen there. */
function saidAtBoot(view: View, launch: FrozenLaunch): string {
  if (!view.facts.heartbeats.available || heartbeatOf(view, launch)?.trouble !== 'GatewayDistrusted')
    return '';
  return ' It distrusts the gateway: the CA bundle in its user data does not stand the certificate that the gateway shows. Show one that it stands, or replace the instance once gateway.caFile is right.';
}

function progress(view: View, launch: FrozenLaunch): Blocker | Condition {
  const { facts, status } = view;
  const { spec } = facts.workspace;
  const blocked = powerBlocked(view, launch);
  if (blocked) return blocked;
  const idle = launch.number === 0 || launch.phase !== 'Submitted' || launch.ended !== undefined;
  if (idle && spec.paused) return { reason: 'Paused', message: 'spec.paused is set; unset it to go on.' };
  if (idle && spec.operatingMode === 'Stopped')
    return {
      reason: 'Stopped',
      message: `spec.operatingMode is Stopped${status.instance ? `; ${status.instance.id} is ${status.instance.state}` : ''}. Set it to Running to go on.`,
    };
  if (launch.number === 0) return { reason: 'Launching', message: 'The first launch is being prepared.' };
  const why = `launch ${launch.number} (${launch.cause?.kind ?? 'Created'})`;
  if (launch.phase === 'Waiting') {
    const ids = status.terminating?.map((entry) => entry.instanceID).join(', ');
    const refused = unknownOwner(view) ?? refusedEnd(view);
    if (refused) return refused;
    return ids
      ? { reason: 'Restarting', message: `Waiting for the end of ${ids}; then follows ${why}.` }
      : { reason: launch.number === 1 ? 'Launching' : 'Restarting', message: `About to send ${why}.` };
  }
  if (launch.ended)
    return {
      reason: 'Restarting',
      message: `Launch ${launch.number} ended: ${saidOfEnd(launch.ended)}`,
    };
  if (launch.instanceID === undefined) {
    const though = spec.paused ? ' spec.paused does not stop this: an instance may exist already.' : '';
    return { reason: 'Launching', message: `Asking EC2 for ${why} until the answer is definite.${though}` };
  }
  const state = status.instance?.state ?? 'Unknown';
  const before = conditionOf(view, 'Ready');
  if (launch.readyAt === undefined) {
    const reason = state === 'running' ? 'Booting' : 'Launching';
    return {
      reason,
      message: `${launch.instanceID} is ${state}; a first heartbeat of ${why} is due by ${launch.deadline}.${saidAtBoot(view, launch)}`,
    };
  }
  if (state !== 'running') return { reason: 'HeartbeatLost', message: `${launch.instanceID} is ${state}.` };
  if (!isSilent(view, launch)) {
    const message = 'Heartbeats can not be judged just now.';
    return before ?? { reason: 'EvidenceUnavailable', message };
  }
  return { reason: 'HeartbeatLost', message: saidOfSilence(view, launch) };
}
