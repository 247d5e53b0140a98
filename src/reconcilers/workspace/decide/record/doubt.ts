import type { Launch } from '../../../../api/kinds/workspace.ts';
import { latest, type MonoMs, msBetween, parseStamp, plus } from '../../../../controller/lib/time.ts';
import { block, type Draft, propose, wakeAfter } from '../facts/decision.ts';
import type { LaunchAnswer, Timing } from '../facts/facts.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { recordRefusal } from '../offer/refused.ts';
import { inDoubt, recordEnd, shownAfterMs } from './ending.ts';

/**
 * Resolves a launch of which nobody knows whether it happened, by replaying it byte-equal until the answer is
 * definite. Returns whether there is still a doubt; until then nothing else may be launched.
 */
export function resolveDoubt(draft: Draft): boolean {
  const { launch } = draft.status;
  if (!launch || !inDoubt(launch)) return false;
  const { process, sweptAt, timing } = draft.facts;
  const answer = presentAnswer(draft, launch);
  if (answer?.result.kind === 'refused' && definite(answer, timing)) {
    const { class: refusal, code, message } = answer.result;
    recordEnd(draft, launch, 'Refused', { refusal, message: `${code}: ${message}` });
    recordRefusal(draft, launch, code);
    return false;
  }
  if (answer?.result.kind === 'throttled' && definite(answer, timing)) {
    disarm(draft, launch);
    return false;
  }
  const unverified = draft.facts.paramsAuthentic ? undefined : whyUnsent(launch);
  if (unverified !== undefined) block(draft, { reason: 'Launching', message: unverified });
  if (sweptAt === undefined || sweptAt < process.termAt) {
    wakeAfter(draft, 1000);
    return true;
  }
  if (unverified !== undefined) return awaitProofOfAbsence(draft, launch, unverified);
  if (answer?.result.kind === 'mismatch' || tooOldToReplay(draft, launch)) {
    return awaitProofOfAbsence(draft, launch, 'Its request can not be repeated.');
  }
  replay(draft, launch, answer);
  return true;
}

/** An answer from before this term says nothing any more: whoever led in between may have sent as well. */
function presentAnswer({ facts: { process } }: View, launch: FrozenLaunch): LaunchAnswer | undefined {
  const { answer, termAt } = process;
  return answer?.number === launch.number && answer.sentAt >= termAt ? answer : undefined;
}

/**
 * A refusal speaks for the launch only if no other request with its token could be outstanding when it was sent:
 * it answers the one send of the pass that armed the launch, or one sent T_late after everything else.
 */
export function definite(answer: LaunchAnswer, timing: Timing): boolean {
  return answer.firstSend || msBetween(answer.quietSince, answer.sentAt) >= timing.lateMs;
}

/**
 * Nothing came of its request, and EC2 asks everyone to wait: it waits in line, and is armed again when its turn comes, so
 * that its deadline and the age of its replays begin with the request that EC2 takes up.
 */
function disarm(draft: Draft, { number, generation, cause, openedAt, failures }: Launch): void {
  draft.status.launch = { number, generation, cause, phase: 'Waiting', openedAt, failures };
  draft.disarmed = true;
}

function tooOldToReplay(view: View, launch: FrozenLaunch): boolean {
  const age = msBetween(parseStamp(launch.submittedAt), view.now.wall);
  return age > view.facts.timing.replayMaxAgeMs;
}

/** As an earlier release left it, or under a lost key, or as somebody else wrote it. */
function whyUnsent({ number }: FrozenLaunch): string {
  return `Launch ${number} is looked up in EC2 and not sent again: its parameters on record carry no status.launch.params.mac that a key of this operator gives them.`;
}

/** Adoption by tag and token happens in instances.ts; a sweep that shows none, begun so late after the last send, is the proof. */
function awaitProofOfAbsence(draft: Draft, launch: Launch, why: string): boolean {
  const { process, sweptAt } = draft.facts;
  const needed = plus(latest(process.termAt, process.sends?.lastAt), shownAfterMs(draft));
  if (sweptAt !== undefined && sweptAt >= needed) {
    const message = `EC2 shows no instance for this launch. ${why}`;
    recordEnd(draft, launch, 'Lost', { message });
    return false;
  }
  wakeAfter(draft, Math.max(msBetween(draft.now.mono, needed), 1000));
  return true;
}

function replay(draft: Draft, launch: Launch, answer: LaunchAnswer | undefined): void {
  const { process } = draft.facts;
  if (!process.wrote && launch.sender !== process.epoch) {
    // A dead process's write still in flight can then only conflict.
    launch.sender = process.epoch;
    wakeAfter(draft, 0);
    return;
  }
  if (answer?.result.kind === 'notSent') {
    block(draft, { reason: 'CloudUnavailable', message: answer.result.message });
  }
  const wait = msBetween(draft.now.mono, nextSendAt(draft, answer));
  if (wait > 0) {
    wakeAfter(draft, wait);
    return;
  }
  propose(draft, { kind: 'RunInstances', number: launch.number, armed: false });
}

function nextSendAt({ facts }: View, answer: LaunchAnswer | undefined): MonoMs {
  const { process, timing } = facts;
  const { sends, termAt } = process;
  if (answer?.result.kind === 'notSent') return plus(answer.sentAt, timing.replayBackoffMaxMs);
  if (!sends) return termAt;
  if (answer?.result.kind === 'refused') return plus(latest(termAt, sends.lastAt), timing.lateMs);
  const backoff = timing.replayBackoffMinMs * 2 ** Math.min(sends.count - 1, 16);
  return plus(sends.lastAt, Math.min(backoff, timing.replayBackoffMaxMs));
}
