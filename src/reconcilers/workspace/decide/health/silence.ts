import { own } from '../../../../api/base/own.ts';
import type { Cause, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { iso, latest, type MonoMs, msBetween, plus } from '../../../../controller/lib/time.ts';
import { awaitSweep, type Draft, wakeAfter } from '../facts/decision.ts';
import type { Facts, HeartbeatFact, InstanceFact, Now } from '../facts/facts.ts';
import type { SilenceFact } from '../facts/processFacts.ts';
import { sweptSince } from '../facts/swept.ts';
import type { Answer, FrozenLaunch, View } from '../facts/view.ts';
import { findInstance, heartbeatOf, heartbeatOfLaunch, isOurs } from '../record/ending.ts';
import { backoffMs } from './backoff.ts';

const SWEEP_RETRY_MS = 1000;

/** Heartbeat periods until what silences many at a stroke has silenced them all, and that was read. */
const SETTLE_PERIODS = 1.5;

/**
 * Tracks since when this process has not heard the present launch, which heartbeat before.
 * Without evidence no launch is silent. The count begins again when the evidence returns, when a term of the lease begins
 * (this process did not look between two terms), and when the row changed: then the launch was heard in between.
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
 * Whether the present launch counts as silent. It does not at once: a fault that silences many launches has silenced them all
 * within about one heartbeat period, and then no single launch is to blame.
 * A launch on record without a row must be missing for a whole timeout, because lost rows
 * come back with the next heartbeats.
 */
export function isSilent(view: View, launch: FrozenLaunch): boolean {
  const left = silentInMs(view, launch);
  return left !== undefined && left <= 0;
}

/** In how many ms it counts as silent, if no heartbeat comes until then; undefined while it is not missing. */
function silentInMs(view: View, launch: FrozenLaunch): number | undefined {
  const since = silentSince(view, launch);
  if (since === undefined || view.facts.heartbeats.massSilence) return undefined;
  return msBetween(view.now.mono, plus(since, SETTLE_PERIODS * secondsMs(view, 'periodSeconds', 30)));
}

/** Looks again when an unheard launch begins to count as silent: its conditions change then, without any trigger. */
export function awaitSilence(draft: Draft): void {
  const { launch } = draft.status;
  if (!launch) return;
  // An end is the first thing that a silence may come of, and its event may be lost.
  const since = silentSince(draft, launch);
  if (since !== undefined) awaitSweep(draft, { from: since });
  const left = silentInMs(draft, launch);
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
 * Where EC2's own checks fail too, two witnesses agree, and the time of each counts from its own first sign.
 */
export function afterSilence(view: View, launch: FrozenLaunch): Answer<Cause> {
  const instance = replaceable(view, launch);
  const since = silentSince(view, launch);
  if (!instance || since === undefined || !isSilent(view, launch)) return {};
  const { facts, now } = view;
  if (isOurs(view, instance) && own(facts.process.console, instance.id) === undefined) {
    return { effect: { kind: 'ReadConsole', instanceID: instance.id } };
  }
  if (!replaces(view)) return {};
  const wait = msBetween(now.mono, plus(since, pauseMs(view, launch, instance, since)));
  // Until the end it must be EC2's newest answer that shows it running.
  if (wait > 0) return { forMs: wait, sweep: 'each' };
  if (!sweptSince(facts, since)) return { forMs: SWEEP_RETRY_MS, sweep: 'each' };
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

/** A message about a silent launch: the facts, the automatic next step and its time, and what a person can do. */
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
