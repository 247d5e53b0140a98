import { iso, plus } from '../../../../controller/lib/time.ts';
import { digestAnew } from '../desire/desired.ts';
import { awaitSweep, type Draft, heed, propose, wakeAfter } from '../facts/decision.ts';
import { sweptThisTerm } from '../facts/swept.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { fallbackOf } from '../offer/refused.ts';
import { provenGone } from '../record/ending.ts';
import { startupTimeoutMs } from '../record/recovery.ts';
import { candidate } from '../replace/candidate.ts';
import { answerRequest } from '../replace/supersede.ts';
import { turnFor } from '../room/line.ts';

/**
 * Arms a waiting launch once every predecessor is proven gone and it is its turn at EC2: all parameters resolved now,
 * the newest request and generation absorbed. RunInstances may be called only when this write was accepted, and is
 * called in the same pass.
 */
export function arm(draft: Draft): void {
  const { facts, now, status } = draft;
  const { launch, desired } = status;
  const { spec } = facts.workspace;
  if (launch?.phase !== 'Waiting' || !desired || draft.effect) return;
  if (spec.paused || spec.operatingMode === 'Stopped') return;
  if (status.terminating) return;
  const predecessors = facts.instances.filter((instance) => instance.number < launch.number);
  if (predecessors.some((instance) => !provenGone(draft, instance.number, instance.id))) return;
  if (!sweptThisTerm(facts)) {
    awaitSweep(draft, { from: facts.process.termAt });
    wakeAfter(draft, 1000);
    return;
  }
  if (draft.blocker) return;
  const { value: params, ...wait } = candidate(draft, launch.number);
  heed(draft, wait);
  if (!params) return;
  // The class or the spec differs from the record, and has yet to stand still. The request must match the record, or the
  // instance would be replaced for terms that it has, or kept with terms that it should not have.
  if (specsToLaunch(draft, launch) !== desired.machine) return;
  // A Workspace that had an instance must not wait behind all that never had one.
  const lane = status.provisions > 0 ? 'again' : 'first';
  const order = launch.openedAt ?? '';
  const ask = { bucket: 'RunInstances', lane, errand: 'send', order, ready: true } as const;
  const turn = turnFor(draft, ask, `Launch ${launch.number} (${launch.cause?.kind ?? 'Created'})`);
  heed(draft, turn);
  if (!turn.value) return;
  answerRequest(draft);
  digestAnew(draft);
  launch.generation = desired.generation;
  launch.machine = desired.machine;
  launch.phase = 'Submitted';
  launch.submittedAt = iso(now.wall);
  launch.deadline = iso(plus(now.wall, startupTimeoutMs(draft)));
  launch.params = params;
  launch.fallback = fallbackOf(draft, params);
  launch.sender = facts.process.epoch;
  propose(draft, { kind: 'RunInstances', number: launch.number, armed: true });
}

/**
 * Digest of the specs that this launch's parameters come from. While its predecessor is on record, the digest that is asked for
 * is about that one: an edit that costs the predecessor nothing, as it is closed or meets the edit, would not be on record with the
 * launch that takes it up, and taking the edit back would be no change.
 */
function specsToLaunch({ facts }: View, { number }: FrozenLaunch): string | undefined {
  const recorded = facts.workspace.status?.launch;
  const isOnRecord = recorded?.number === number && recorded.phase === 'Waiting';
  return isOnRecord ? facts.machine : (facts.machineOfNext ?? facts.machine);
}
