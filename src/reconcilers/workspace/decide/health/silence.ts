import { own } from '../../../../api/base/own.ts';
import type { Cause, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { iso, latest, type MonoMs, msBetween, plus } from '../../../../controller/lib/time.ts';
import { type Draft, wakeAfter } from '../facts/decision.ts';
import type { Facts, HeartbeatFact, InstanceFact, Now, SilenceFact } from '../facts/facts.ts';
import type { Answer, FrozenLaunch, View } from '../facts/view.ts';
import { findInstance, heartbeatOf, heartbeatOfLaunch } from '../record/ending.ts';
import { backoffMs } from './backoff.ts';

const SWEEP_RETRY_MS = 1000;

/** Heartbeat periods until what silences many at a stroke has silenced them all, and that was read. */
const SETTLE_PERIODS = 1.5;

/**
 * Follows since when the present launch, which heartbeat before, is not heard, as far as this process knows.
 * Without evidence nobody is silent. The count begins again when the evidence returns, when a term of the lease begins
 * (between two terms of this process nobody looked), and when the row moved: then it was heard in between.
 */
export function trackSilence(
  previous: SilenceFact | undefined,
  status: WorkspaceStatus | undefined,
  heartbeats: Pick<Facts['heartbeats'], 'available' | 'since' | 'launches'>,
  now: Now,
  termAt?: MonoMs,
): SilenceFact | undefined {
  const launch = status?.launch;
  if (launch?.readyAt === undefined || !heartbeats.available) return undefined;
  const row = heartbeatOfLaunch(heartbeats.launches, launch);
  if (isHeard(row)) return undefined;
  const heardAt = row?.lastHeartbeatAt;
  const unbroken = previous !== undefined && previous.since >= latest(heartbeats.since ?? now.mono, termAt);
  if (unbroken && previous.number === launch.number && previous.heardAt === heardAt) return previous;
  return { number: launch.number, since: now.mono, at: now.wall, ...(heardAt !== undefined && { heardAt }) };
}

export function isHeard(row: HeartbeatFact | undefined): boolean {
  return row?.alive === true && row.fresh;
}

/**
 * Whether the present launch may be called silent. Not at once: what silences many at a stroke has silenced them all
 * within a heartbeat period or so, and is then nothing that any of them is to be blamed for.
 * A launch on record that the database knows nothing of must be missing for a whole timeout: after a loss of the rows
 * they come back with the next heartbeats.
 */
export function isSilent(view: View, launch: FrozenLaunch): boolean {
  const left = silentInMs(view, launch);
  return left !== undefined && left <= 0;
}

/** In how many ms it may be called silent, if nothing is heard until then; undefined while nothing says that it is. */
function silentInMs(view: View, launch: FrozenLaunch): number | undefined {
  const since = silentSince(view, launch);
  if (since === undefined || view.facts.heartbeats.massSilence) return undefined;
  return msBetween(view.now.mono, plus(since, SETTLE_PERIODS * secondsMs(view, 'periodSeconds', 30)));
}

/** Looks again when a launch that is not heard may be called silent: what is shown of it changes then, without any news. */
export function awaitSilence(draft: Draft): void {
  const { launch } = draft.status;
  const left = launch && silentInMs(draft, launch);
  if (left !== undefined && left > 0) wakeAfter(draft, left);
}

/** Since when, without a break of the evidence; may lie ahead. */
function silentSince(view: View, launch: FrozenLaunch): MonoMs | undefined {
  const { heartbeats, process } = view.facts;
  const row = heartbeatOf(view, launch);
  if (!heartbeats.available || heartbeats.since === undefined || isHeard(row)) return undefined;
  if (process.silence?.number !== launch.number || launch.readyAt === undefined) return undefined;
  const since = latest(process.silence.since, heartbeats.since);
  return row?.alive ? since : plus(since, heartbeatTimeoutMs(view));
}

/** The class's heartbeat timeout: within it a healthy agent that could not get through is heard again. */
export function heartbeatTimeoutMs(view: View): number {
  return secondsMs(view, 'timeoutSeconds', 90);
}

function secondsMs({ facts }: View, field: 'periodSeconds' | 'timeoutSeconds', otherwise: number): number {
  return (facts.class?.spec.heartbeat[field] ?? otherwise) * facts.timing.secondMs;
}

/**
 * A launch that heartbeat before and fell silent is replaced after the class's time, if EC2 has shown it running since.
 * Where EC2's own checks fail too, two witnesses agree, and each has its time counted from when it began to say so.
 */
export function afterSilence(view: View, launch: FrozenLaunch): Answer<Cause> {
  const instance = replaceable(view, launch);
  const since = silentSince(view, launch);
  if (!instance || since === undefined || !isSilent(view, launch)) return {};
  const { facts, now } = view;
  if (own(facts.process.console, instance.id) === undefined) {
    return { effect: { kind: 'ReadConsole', instanceID: instance.id } };
  }
  if (!replaces(view)) return {};
  const wait = msBetween(now.mono, plus(since, pauseMs(view, launch, instance, since)));
  if (wait > 0) return { forMs: wait };
  if (facts.sweptAt === undefined || facts.sweptAt < since) return { forMs: SWEEP_RETRY_MS };
  return { value: { kind: instance.impaired ? 'Impaired' : 'HeartbeatLost', ref: String(launch.number) } };
}

function replaceable(view: View, launch: FrozenLaunch): InstanceFact | undefined {
  if (view.facts.workspace.spec.paused) return undefined;
  if (launch.phase !== 'Submitted' || launch.ended || launch.instanceID === undefined) return undefined;
  if (view.status.instance?.state !== 'running') return undefined;
  return findInstance(view, launch.instanceID);
}

function replaces({ facts }: View): boolean {
  return facts.class?.spec.repair.policy === 'Replace';
}

/**
 * From the begin of its silence. A whole timeout at least: until then it may yet turn out to be one of too many,
 * and none of those is replaced.
 */
function pauseMs(view: View, launch: FrozenLaunch, instance: InstanceFact, since: MonoMs): number {
  const afterMs = (view.facts.class?.spec.repair.afterSeconds ?? 300) * view.facts.timing.secondMs;
  const ahead = instance.impaired ? Math.max(msBetween(instance.impaired.since, since), 0) : 0;
  return Math.max(afterMs - ahead, heartbeatTimeoutMs(view), backoffMs(view, launch));
}

/** What is known of a silent launch, what follows by itself and when, and what a person can do. */
export function saidOfSilence(view: View, launch: FrozenLaunch): string {
  const { silence } = view.facts.process;
  const heardAt = heartbeatOf(view, launch)?.lastHeartbeatAt;
  const said = [
    `No heartbeat from ${launch.instanceID} (launch ${launch.number})${heardAt === undefined ? '' : ` since ${iso(heardAt)}`}${sayImpaired(view, launch)}`,
  ];
  if (heartbeatOf(view, launch)?.trouble === 'GatewayDistrusted')
    said.push('It says that it distrusts the gateway’s certificate.');
  const instance = replaceable(view, launch);
  const since = silentSince(view, launch);
  if (instance && since !== undefined && silence) {
    const pause = pauseMs(view, launch, instance, since);
    if (replaces(view)) {
      const at = iso(plus(silence.at, msBetween(silence.since, since) + pause));
      said.push(`It is replaced at ${at} unless one comes.`);
    } else {
      said.push('By itself nothing replaces it: spec.repair.policy of its class is None; a restart would.');
    }
  }
  said.push('Look at its console, and at its way to the gateway.');
  const console = own(view.facts.process.console, launch.instanceID ?? '');
  if (console) said.push(`The console ends: ${console}`);
  return said.join(' ');
}

function sayImpaired(view: View, launch: FrozenLaunch): string {
  const impaired = findInstance(view, launch.instanceID ?? '')?.impaired;
  return impaired ? `, and EC2’s ${impaired.kind} status check fails.` : '.';
}
