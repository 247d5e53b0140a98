import { iso, latest, msBetween, plus } from '../../../../controller/lib/time.ts';
import { awaitSweep, block, type Draft, wakeAfter } from '../facts/decision.ts';
import type { Facts, InstanceFact } from '../facts/facts.ts';
import { sweptSince } from '../facts/swept.ts';
import type { View } from '../facts/view.ts';
import { isOurs, shownAfterMs } from './ending.ts';

/** Whether the status was written for another object than this: restored from a backup, or copied, with its status. */
export function isForeign({ metadata, status }: Facts['workspace']): boolean {
  return status?.uid !== undefined && status.uid !== metadata.uid;
}

/** Whether the status can't be the last one that was written: wiped, another's, or older than an instance of ours. */
function looksLost(view: View): boolean {
  const { facts, status } = view;
  if (!status.launch || isForeign(facts.workspace)) return true;
  if (facts.process.suspectSince !== undefined) return true;
  return aboveOurs(view) !== undefined;
}

function highest(instances: readonly InstanceFact[]): InstanceFact | undefined {
  return instances.reduce<InstanceFact | undefined>(
    (best, instance) => (!best || instance.number > best.number ? instance : best),
    undefined,
  );
}

function aboveOurs(view: View): InstanceFact | undefined {
  const { facts, status } = view;
  const top = highest(facts.instances.filter((instance) => isOurs(view, instance)));
  return top && top.number > (status.launch?.number ?? 0) ? top : undefined;
}

/**
 * Puts a lost status back from what EC2 shows: until a whole sweep begun T_late and T_vis after the loss was first seen
 * nothing is written, adopted, sent or let go; then the highest number above ours is adopted, and only if there
 * is none may a new one be written. Returns whether the other phases may go on.
 */
export function recover(draft: Draft): boolean {
  if (!looksLost(draft)) return true;
  const { facts, now, status } = draft;
  const since = latest(facts.process.suspectSince ?? now.mono, facts.process.termAt);
  const needed = plus(since, shownAfterMs(draft));
  if (!sweptSince(facts, needed)) {
    block(draft, {
      reason: 'StatusLost',
      message: `${isForeign(facts.workspace) ? `The recorded status came with another object (uid ${status.uid}), as from a backup` : 'The recorded status was wiped or rolled back'}; waiting for a complete look at EC2 before anything is launched or ended.`,
    });
    awaitSweep(draft, { from: needed });
    wakeAfter(draft, Math.max(msBetween(now.mono, needed), 1000));
    return false;
  }
  draft.settled = true;
  // Nothing that it names is ours: not its launch, nor what it would have ended.
  if (isForeign(facts.workspace)) draft.status = { observedGeneration: -1, provisions: 0 };
  const found = aboveOurs(draft);
  if (found) {
    adopt(draft, found);
  } else if (!draft.status.launch) {
    draft.status.uid = facts.workspace.metadata.uid;
    draft.status.launch = { number: 0, generation: 0, phase: 'Closed', failures: 0 };
    answerPresentRequest(draft);
  }
  return true;
}

function answerPresentRequest(draft: Draft): void {
  const restart = draft.facts.workspace.spec.requests.restart;
  draft.status.handled = restart ? { restart } : {};
}

function adopt(draft: Draft, found: InstanceFact): void {
  const { status, now } = draft;
  status.uid = draft.facts.workspace.metadata.uid;
  // The class of this launch is unknown; take the present one.
  status.room = undefined;
  const submittedAt = found.launchTime ?? iso(now.wall);
  // Above the tag's and ours; without a desired state yet, the one that is about to be recorded is.
  if (status.desired) {
    status.desired.generation = Math.max(found.generation, status.desired.generation) + 1;
  }
  status.launch = {
    number: found.number,
    generation: found.generation,
    cause: { kind: 'Lost', ref: String(status.launch?.number ?? 0) },
    phase: 'Submitted',
    submittedAt,
    deadline: iso(plus(now.wall, startupTimeoutMs(draft))),
    failures: 0,
    instanceID: found.id,
  };
  status.provisions += 1;
  answerPresentRequest(draft);
}

/** The class's startup timeout in ms; without a class 15 minutes, the field's default. */
export function startupTimeoutMs({ facts }: View): number {
  const seconds = facts.class?.spec.startupTimeoutSeconds ?? 900;
  return seconds * facts.timing.secondMs;
}
