import { own } from '../../../../api/base/own.ts';
import { LARGEST_NUMBER, type Launch } from '../../../../api/kinds/workspace.ts';
import { iso, latest, msBetween, plus } from '../../../../controller/lib/time.ts';
import { isCurrentMachine } from '../desire/change.ts';
import { block, type Draft, heed, propose, wakeAfter } from '../facts/decision.ts';
import { capacityOf } from '../facts/made.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { hasLived, powerBlocked, refusalOf, wasAccepted } from '../health/power.ts';
import { untilDeadline } from '../record/deadline.ts';
import { findInstance, inDoubt, isOurs, remember, trackEnding } from '../record/ending.ts';
import { startupTimeoutMs } from '../record/recovery.ts';
import { answerRequest } from '../replace/supersede.ts';
import { turnFor } from '../room/line.ts';
import { countLaunch } from '../room/move.ts';

/**
 * Carries out operatingMode. A stopped instance keeps its launch: stopping and starting spend nothing.
 * While Stopped nothing is launched, rolled, repaired or timed out.
 */
export function operate(draft: Draft): void {
  const { launch } = draft.status;
  const { operatingMode, paused } = draft.facts.workspace.spec;
  if (!launch || inDoubt(launch) || paused) return;
  if (operatingMode === 'Stopped') rest(draft, launch);
  else resume(draft, launch);
}

function rest(draft: Draft, launch: Launch): void {
  // A request that comes while Stopped has nothing to restart: it counts as answered.
  answerRequest(draft);
  if (launch.number === 0) return;
  if (launch.phase === 'Waiting' || launch.ended) {
    close(draft, launch);
  } else if (launch.phase === 'Submitted' && ends(draft, launch)) {
    supersedeClosed(draft, launch);
  } else if (launch.phase === 'Submitted' || launch.phase === 'Stopped') {
    launch.phase = 'Stopped';
    power(draft, launch, 'StopInstances', ['running']);
  }
}

/** Whether Stopped ends the instance: where the class says so, and on Spot, which can't stop. */
function ends({ facts }: View, launch: FrozenLaunch): boolean {
  return facts.class?.spec.stopBehavior === 'Terminate' || capacityOf(launch) === 'Spot';
}

/** A launch that was never sent, or is over, is closed: it has spent nothing that its successor may not spend. */
function close(draft: Draft, launch: Launch): void {
  if (launch.phase === 'Waiting') remember(draft, launch, 'Closed');
  launch.phase = 'Closed';
}

/** A superseding number, closed at once, ends the instance by the same rule as any other. */
function supersedeClosed(draft: Draft, launch: Launch): void {
  const { status, now } = draft;
  if (launch.number >= LARGEST_NUMBER) return;
  remember(draft, launch, 'Stopped');
  if (launch.instanceID !== undefined) trackEnding(draft, launch.number, launch.instanceID);
  status.launch = {
    number: launch.number + 1,
    generation: launch.generation,
    cause: { kind: 'Ended', ref: String(launch.number) },
    phase: 'Closed',
    openedAt: iso(now.wall),
    failures: 0,
  };
  countLaunch(draft);
}

function resume(draft: Draft, launch: Launch): void {
  if (launch.ended || launch.instanceID === undefined) return;
  const stopped = launch.phase === 'Stopped';
  const changed = (draft.status.desired?.generation ?? 0) > launch.generation;
  if (stopped && changed && !isCurrentMachine(draft, launch)) return;
  if (stopped && findInstance(draft, launch.instanceID)?.state === 'running') {
    awaitStop(draft, launch, launch.instanceID);
    return;
  }
  if (stopped || foundStopped(draft, launch)) start(draft, launch);
  else if (launch.after && launch.readyAt === undefined) startAgain(draft, launch, launch.instanceID);
}

/** The start that is on record had no effect yet. One that EC2 took up is not repeated for what never lived: it stops itself. */
function startAgain(draft: Draft, launch: Launch, id: string): void {
  const lived = hasLived(launch);
  if (!lived && (wasAccepted(draft, 'StartInstances', id) || untilDeadline(draft, launch) <= 0)) return;
  const timeoutMs = startupTimeoutMs(draft);
  // While EC2 refuses it the deadline does not pass, and a start that it takes up has half the time at least.
  const isRefused = lived && powerBlocked(draft, launch) !== undefined;
  if (isRefused && untilDeadline(draft, launch) < timeoutMs / 2)
    launch.deadline = iso(plus(draft.now.wall, timeoutMs));
  power(draft, launch, 'StartInstances', ['stopped']);
}

/**
 * An instance that runs although it was to stop. While the request may still take effect, this changes nothing.
 * Afterwards the instance counts as never stopped, and its heartbeats count as before.
 */
function awaitStop(draft: Draft, launch: Launch, id: string): void {
  const { facts, now } = draft;
  const { powerSentAt, termAt } = facts.process;
  const settledAt = plus(latest(termAt, own(powerSentAt, `StopInstances ${id}`)), facts.timing.lateMs);
  if (settledAt > now.mono) wakeAfter(draft, msBetween(now.mono, settledAt));
  else launch.phase = 'Submitted';
}

/**
 * Someone else, or the instance itself, stopped it. An instance that has lived is started again, unless a start is still within
 * its deadline, and never counts as dead. One that never lived is started once, and its deadline stands.
 */
function foundStopped(view: View, launch: FrozenLaunch): boolean {
  if (launch.phase !== 'Submitted' || view.status.instance?.state !== 'stopped') return false;
  const inTime = untilDeadline(view, launch) > 0;
  return hasLived(launch) ? launch.readyAt !== undefined || !inTime : launch.after === undefined && inTime;
}

function start(draft: Draft, launch: Launch): void {
  const { facts, now, status } = draft;
  if (!facts.heartbeats.available) {
    // Which heartbeat is the newest is not known; and what boots now could not fetch its environment.
    block(draft, {
      reason: 'EvidenceUnavailable',
      message: `The gateway or its database is away; ${launch.instanceID} is started once they are back.`,
    });
    wakeAfter(draft, facts.timing.repairBackoffMinMs);
    return;
  }
  const keepsDeadline = launch.phase === 'Submitted' && !hasLived(launch);
  if (!mayStart(draft, launch, keepsDeadline)) return;
  const rows = facts.heartbeats.launches.filter((row) => row.number === launch.number);
  launch.phase = 'Submitted';
  // A launch that was Ready has heartbeated at least once, also where its row is gone: its ticket stays used.
  const known = Math.max(launch.after?.boot ?? 0, launch.readyAt === undefined ? 0 : 1);
  launch.after = { boot: Math.max(known, ...rows.map((row) => row.boot ?? 0)) };
  if (!keepsDeadline) launch.deadline = iso(plus(now.wall, startupTimeoutMs(draft)));
  launch.readyAt = undefined;
  if (status.instance) status.instance.env = undefined;
  power(draft, launch, 'StartInstances', ['stopped']);
}

/** A start waits for its turn before the pass sends it, and no deadline passes meanwhile. */
function mayStart(draft: Draft, launch: Launch, keepsDeadline: boolean): boolean {
  if (findInstance(draft, launch.instanceID ?? '')?.state !== 'stopped') return true;
  const ask = { bucket: 'StartInstances', lane: 'again', errand: 'send', ready: true } as const;
  const turn = turnFor(draft, ask, `The start of ${launch.instanceID}`);
  heed(draft, turn);
  if (turn.value) return true;
  if (launch.phase === 'Submitted' && launch.readyAt === undefined && !keepsDeadline)
    launch.deadline = iso(plus(draft.now.wall, startupTimeoutMs(draft)));
  return false;
}

/**
 * Sends the call once EC2 shows one of these states, and again if the state stays for a while. A call that was sent before
 * its opposite belongs to an earlier wish, and holds nothing back.
 */
function power(
  draft: Draft,
  launch: Launch,
  kind: 'StopInstances' | 'StartInstances',
  states: readonly string[],
): void {
  const { facts, now } = draft;
  const id = launch.instanceID;
  const instance = id === undefined ? undefined : findInstance(draft, id);
  if (id === undefined || !instance || !states.includes(instance.state)) return;
  if (!isOurs(draft, instance)) {
    // A status names what its writer likes.
    wakeAfter(draft, facts.timing.terminateRetryMs);
    return;
  }
  const { powerSentAt } = facts.process;
  const opposite = kind === 'StopInstances' ? 'StartInstances' : 'StopInstances';
  const sentAt = own(powerSentAt, `${kind} ${id}`);
  const undoneAt = own(powerSentAt, `${opposite} ${id}`);
  const stands = sentAt !== undefined && (undoneAt === undefined || sentAt >= undoneAt);
  const isRefused = refusalOf(draft, kind, id) !== undefined;
  const retryMs = isRefused ? facts.timing.repairBackoffMinMs : facts.timing.terminateRetryMs;
  const wait = stands ? msBetween(now.mono, plus(sentAt, retryMs)) : 0;
  if (wait > 0) wakeAfter(draft, wait);
  else propose(draft, { kind, ids: [id] });
}
