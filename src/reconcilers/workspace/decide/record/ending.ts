import type { Launch, Outcome } from '../../../../api/kinds/workspace.ts';
import { clientToken } from '../../../../api/launch/token.ts';
import { iso, msBetween, plus } from '../../../../controller/lib/time.ts';
import { type Draft, wakeAfter } from '../facts/decision.ts';
import type { HeartbeatFact, InstanceFact } from '../facts/facts.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { noteFailure } from './replacement.ts';

const HISTORY = 5;
const PROOF_RETRY_MS = 1000;

/** Whether a launch was armed and has neither an instance nor an end on record: an instance may or may not exist. */
export function inDoubt(launch: FrozenLaunch): boolean {
  return launch.phase === 'Submitted' && launch.instanceID === undefined && launch.ended === undefined;
}

export function findInstance({ facts }: View, id: string): InstanceFact | undefined {
  return facts.instances.find((instance) => instance.id === id);
}

/**
 * Whether a launch of this Workspace made the instance: EC2's client token for its number proves it. Tags only help to
 * find the instance, since anyone who may tag instances can copy them, and a status writer can name any instance.
 */
export function isOurs({ facts }: View, instance: InstanceFact): boolean {
  return instance.clientToken === clientToken(facts.clusterID, facts.workspace.metadata.uid, instance.number);
}

/** Whether EC2 shows that another request made it. Without a token nothing is known, so nothing follows from that. */
export function isAnothers(view: View, instance: InstanceFact): boolean {
  return instance.clientToken !== undefined && !isOurs(view, instance);
}

/** Whether EC2 shows that another request made it than that of this launch: another's, or another launch's of ours. */
export function isOfAnotherLaunch(view: View, instance: InstanceFact, number: number): boolean {
  return isOurs(view, instance) ? instance.number !== number : isAnothers(view, instance);
}

/** The heartbeat of the present launch's instance; after a start only a later boot counts. */
export function heartbeatOf({ facts }: View, launch: FrozenLaunch): HeartbeatFact | undefined {
  return heartbeatOfLaunch(facts.heartbeats.launches, launch);
}

export function heartbeatOfLaunch(
  rows: readonly HeartbeatFact[],
  launch: FrozenLaunch,
): HeartbeatFact | undefined {
  const row = rows.find((candidate) => candidate.number === launch.number);
  if (row && launch.after && (row.boot ?? 0) <= launch.after.boot) return undefined;
  return row;
}

/**
 * Whether an instance can never run again. Absence alone proves nothing: only look-ups T_vis apart
 * that both return NotFound, with no heartbeat of that launch, do.
 */
export function provenGone(view: View, number: number, id: string): boolean {
  const instance = findInstance(view, id);
  if (!instance) return false;
  if (instance.state === 'terminated') return true;
  if (!instance.notFound) return false;
  const { heartbeats, timing } = view.facts;
  const heard = heartbeats.launches.some((launch) => launch.number === number && launch.fresh);
  const apart = msBetween(instance.notFound.firstAt, instance.notFound.lastAt);
  return heartbeats.available && !heartbeats.massSilence && !heard && apart >= timing.visibilityMs;
}

/** How long after an unanswered request EC2 may still not show its instance, ms. */
export function shownAfterMs({ facts: { timing } }: View): number {
  return timing.lateMs + timing.visibilityMs;
}

/** Looks again when NotFound may have become proof: look-ups that go on agreeing are no news to anyone. */
export function wakeForProof(draft: Draft, { notFound }: InstanceFact): void {
  if (!notFound) return;
  const { repairBackoffMinMs, visibilityMs } = draft.facts.timing;
  const proofAt = plus(notFound.firstAt, visibilityMs);
  // Past that time it is the heartbeats' evidence that speaks against it, or is lacking.
  const early = notFound.lastAt < proofAt;
  wakeAfter(draft, early ? Math.max(msBetween(draft.now.mono, proofAt), PROOF_RETRY_MS) : repairBackoffMinMs);
}

/** Remembers a launch as over; the newest first. */
export function remember(draft: Draft, launch: Launch, outcome: Outcome, message?: string): void {
  noteFailure(draft, launch, outcome);
  const history = draft.status.history ?? [];
  if (launch.number < 1 || history.some((entry) => entry.number === launch.number)) return;
  draft.status.history = [
    {
      number: launch.number,
      generation: launch.generation,
      cause: launch.cause ?? { kind: 'Created', ref: '1' },
      outcome,
      instanceID: launch.instanceID,
      endedAt: iso(draft.now.wall),
      readyAt: launch.readyAt,
      message: (message ?? launch.ended?.message)?.slice(0, 1024).toWellFormed(),
    },
    ...history,
  ].slice(0, HISTORY);
}

/** Follows the launch's instance until it is proven gone. */
export function trackEnding(draft: Draft, number: number, instanceID: string): void {
  const terminating = draft.status.terminating ?? [];
  if (terminating.some((entry) => entry.instanceID === instanceID)) return;
  draft.status.terminating = [...terminating, { number, instanceID }];
}

export function recordEnd(
  draft: Draft,
  launch: Launch,
  outcome: Outcome,
  detail: { message?: string; refusal?: NonNullable<Launch['ended']>['refusal'] } = {},
): void {
  const { message, refusal } = detail;
  launch.ended = {
    outcome,
    refusal,
    at: iso(draft.now.wall),
    message: message?.slice(0, 1024).toWellFormed(),
  };
  remember(draft, launch, outcome);
}

/** EC2's message about an end, as a sentence that another may follow. */
export function saidOfEnd({ message, outcome }: NonNullable<FrozenLaunch['ended']>): string {
  const said = (message ?? outcome).trim();
  return /[.!?]$/.test(said) ? said : `${said}.`;
}
