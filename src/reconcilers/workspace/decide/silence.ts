import type { Cause, Launch, WorkspaceStatus } from '../../../api/workspace.ts';
import { backoffMs } from './backoff.ts';
import { type Draft, iso, propose, wakeAfter } from './decision.ts';
import { findInstance, heartbeatOf, heartbeatOfLaunch } from './ending.ts';
import type { Facts, HeartbeatFact, InstanceFact, Now, SilenceFact } from './facts.ts';

const SWEEP_RETRY_MS = 1000;

/** Heartbeat periods until what silences many at a stroke has silenced them all, and that was read. */
const SETTLE_PERIODS = 1.5;

/**
 * Follows since when the present launch, which heartbeat before, is not heard, as far as this process knows.
 * Without evidence nobody is silent, and the count begins anew with its return.
 */
export function trackSilence(
  previous: SilenceFact | undefined,
  status: WorkspaceStatus | undefined,
  heartbeats: Pick<Facts['heartbeats'], 'available' | 'since' | 'launches'>,
  now: Now,
): SilenceFact | undefined {
  const launch = status?.launch;
  if (launch?.readyAt === undefined || !heartbeats.available) return undefined;
  if (isHeard(heartbeatOfLaunch(heartbeats.launches, launch))) return undefined;
  const unbroken = previous !== undefined && previous.since >= (heartbeats.since ?? now.mono);
  if (unbroken && previous.number === launch.number) return previous;
  return { number: launch.number, since: now.mono, at: now.wall };
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
export function isSilent(draft: Draft, launch: Launch): boolean {
  const since = silentSince(draft, launch);
  if (since === undefined || draft.facts.heartbeats.massSilence) return false;
  const wait = since + SETTLE_PERIODS * secondsMs(draft, 'periodSeconds', 30) - draft.now.mono;
  if (wait > 0) wakeAfter(draft, wait);
  return wait <= 0;
}

/** Since when, monotonic ms, without a break of the evidence; may lie ahead. */
function silentSince(draft: Draft, launch: Launch): number | undefined {
  const { heartbeats, process } = draft.facts;
  const row = heartbeatOf(draft, launch);
  if (!heartbeats.available || heartbeats.since === undefined || isHeard(row)) return undefined;
  if (process.silence?.number !== launch.number || launch.readyAt === undefined) return undefined;
  const since = Math.max(process.silence.since, heartbeats.since);
  return row?.alive ? since : since + heartbeatTimeoutMs(draft);
}

/** The class's heartbeat timeout: within it a healthy agent that could not get through is heard again. */
export function heartbeatTimeoutMs(draft: Draft): number {
  return secondsMs(draft, 'timeoutSeconds', 90);
}

function secondsMs({ facts }: Draft, field: 'periodSeconds' | 'timeoutSeconds', otherwise: number): number {
  return (facts.class?.spec.heartbeat[field] ?? otherwise) * facts.timing.secondMs;
}

/**
 * A launch that heartbeat before and fell silent is replaced after the class's time, if EC2 has shown it running since.
 * Where EC2's own checks fail too, two witnesses agree, and each has its time counted from when it began to say so.
 */
export function afterSilence(draft: Draft, launch: Launch): Cause | undefined {
  const instance = replaceable(draft, launch);
  const since = silentSince(draft, launch);
  if (!instance || since === undefined || !isSilent(draft, launch)) return undefined;
  const { facts, now } = draft;
  if (facts.process.console[instance.id] === undefined) {
    propose(draft, { kind: 'ReadConsole', instanceID: instance.id });
    return undefined;
  }
  if (!replaces(draft)) return undefined;
  const wait = since + pauseMs(draft, launch, instance, since) - now.mono;
  if (wait > 0) {
    wakeAfter(draft, wait);
    return undefined;
  }
  if (facts.sweptAt === undefined || facts.sweptAt < since) {
    wakeAfter(draft, SWEEP_RETRY_MS);
    return undefined;
  }
  return { kind: instance.impaired ? 'Impaired' : 'HeartbeatLost', ref: String(launch.number) };
}

function replaceable(draft: Draft, launch: Launch): InstanceFact | undefined {
  if (draft.facts.workspace.spec.paused) return undefined;
  if (launch.phase !== 'Submitted' || launch.ended || launch.instanceID === undefined) return undefined;
  if (draft.status.instance?.state !== 'running') return undefined;
  return findInstance(draft, launch.instanceID);
}

function replaces({ facts }: Draft): boolean {
  return facts.class?.spec.repair.policy === 'Replace';
}

/**
 * From the begin of its silence. A whole timeout at least: until then it may yet turn out to be one of too many,
 * and none of those is replaced.
 */
function pauseMs(draft: Draft, launch: Launch, instance: InstanceFact, since: number): number {
  const afterMs = (draft.facts.class?.spec.repair.afterSeconds ?? 300) * draft.facts.timing.secondMs;
  const ahead = instance.impaired ? Math.max(since - instance.impaired.since, 0) : 0;
  return Math.max(afterMs - ahead, heartbeatTimeoutMs(draft), backoffMs(draft, launch));
}

/** What is known of a silent launch, what follows by itself and when, and what a person can do. */
export function saidOfSilence(draft: Draft, launch: Launch): string {
  const { silence } = draft.facts.process;
  const heardAt = heartbeatOf(draft, launch)?.lastHeartbeatAt;
  const said = [
    `No heartbeat from ${launch.instanceID} (launch ${launch.number})${heardAt === undefined ? '' : ` since ${iso(heardAt)}`}${sayImpaired(draft, launch)}`,
  ];
  const instance = replaceable(draft, launch);
  const since = silentSince(draft, launch);
  if (instance && since !== undefined && silence) {
    const pause = pauseMs(draft, launch, instance, since);
    if (replaces(draft)) {
      const at = iso(silence.at + (since - silence.since) + pause);
      said.push(`It is replaced at ${at} unless one comes.`);
    } else {
      said.push('By itself nothing replaces it: spec.repair.policy of its class is None; a restart would.');
    }
  }
  said.push('Look at its console, and at its way to the gateway.');
  const console = draft.facts.process.console[launch.instanceID ?? ''];
  if (console) said.push(`The console ends: ${console}`);
  return said.join(' ');
}

function sayImpaired(draft: Draft, launch: Launch): string {
  const impaired = findInstance(draft, launch.instanceID ?? '')?.impaired;
  return impaired ? `, and EC2’s ${impaired.kind} status check fails.` : '.';
}
