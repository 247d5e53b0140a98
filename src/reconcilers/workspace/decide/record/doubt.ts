import type { Launch } from '../../../../api/kinds/workspace.ts';
import { REFUSALS } from '../../../../api/reasons/refusals.ts';
import { latest, type MonoMs, msBetween, parseStamp, plus } from '../../../../controller/lib/time.ts';
import { awaitSweep, block, type Draft, propose, wakeAfter } from '../facts/decision.ts';
import type { Timing } from '../facts/facts.ts';
import type { LaunchAnswer } from '../facts/processFacts.ts';
import { sweptSince, sweptThisTerm } from '../facts/swept.ts';
import type { FrozenLaunch, View } from '../facts/view.ts';
import { recordRefusal } from '../offer/refused.ts';
import { inDoubt, recordEnd, shownAfterMs } from './ending.ts';

type Refused = Extract<LaunchAnswer['result'], { kind: 'refused' }>;

/**
 * Resolves a launch whose outcome is unknown, by replaying it byte-equal until the answer is
 * definite. Returns whether there is still a doubt; while there is, nothing else may be launched.
 */
export function resolveDoubt(draft: Draft): boolean {
  const { launch } = draft.status;
  if (!launch || !inDoubt(launch)) return false;
  const { timing } = draft.facts;
  const answer = presentAnswer(draft, launch);
  const refusal = answer && refusalIn(answer);
  if (refusal && definite(answer, refusal, timing)) {
    endRefused(draft, launch, refusal);
    return false;
  }
  if (answer?.result.kind === 'throttled' && answer.firstSend) {
    disarm(draft, launch);
    return false;
  }
  const unverified = draft.facts.paramsAuthentic ? undefined : whyUnsent(launch);
  // However it is resolved, a sweep that shows the instance ends the doubt.
  awaitSweep(draft, 'each');
  if (unverified !== undefined) block(draft, { reason: 'Launching', message: unverified });
  if (!sweptThisTerm(draft.facts)) {
    wakeAfter(draft, 1000);
    return true;
  }
  if (unverified !== undefined) return awaitProofOfAbsence(draft, launch, unverified);
  if (refusal && isLast(answer, timing)) return awaitWhatIsOlder(draft, launch, answer, refusal);
  if (answer?.result.kind === 'mismatch' || tooOldToReplay(draft, launch)) {
    return awaitProofOfAbsence(draft, launch, 'Its request can not be repeated.');
  }
  replay(draft, launch, answer);
  return true;
}

/** An answer from before this term no longer counts: another leader in between may have sent as well. */
function presentAnswer({ facts: { process } }: View, launch: FrozenLaunch): LaunchAnswer | undefined {
  const { answer, termAt } = process;
  return answer?.number === launch.number && answer.sentAt >= termAt ? answer : undefined;
}

function refusalIn({ result }: LaunchAnswer): Refused | undefined {
  return result.kind === 'refused' ? result : undefined;
}

/** Whether no other request with its token can still have been outstanding when it was sent. */
function isLast({ quietSince, sentAt }: LaunchAnswer, timing: Timing): boolean {
  return msBetween(quietSince, sentAt) >= timing.lateMs;
}

/**
 * A refusal speaks for the launch if it answers the one send of the pass that armed the launch; or one sent T_late after
 * everything else, where EC2 would have answered with what came of an earlier one.
 */
function definite(answer: LaunchAnswer, { class: kind, code }: Refused, timing: Timing): boolean {
  if (answer.firstSend) return true;
  return isLast(answer, timing) && REFUSALS[kind].afterToken && !ACCOUNT_FIRST.has(code);
}

/** AWS's codes for an account that may launch nothing at all. */
const ACCOUNT_FIRST: ReadonlySet<string> = new Set(['PendingVerification']);

function endRefused(draft: Draft, launch: Launch, { class: refusal, code, message }: Refused): void {
  recordEnd(draft, launch, 'Refused', { refusal, message: `${code}: ${message}` });
  recordRefusal(draft, launch, code);
}

/**
 * EC2 refused the last request before it looked for its token. Every earlier request has landed by then, or never will, and
 * EC2 shows its instance T_vis later.
 */
function awaitWhatIsOlder(draft: Draft, launch: Launch, { sentAt }: LaunchAnswer, refusal: Refused): boolean {
  if (awaitSweepSince(draft, plus(sentAt, draft.facts.timing.visibilityMs))) {
    endRefused(draft, launch, refusal);
    return false;
  }
  const { code } = refusal;
  const message = `EC2 refuses to repeat the request of launch ${launch.number} (${code}). It may have accepted an earlier one, whose answer was lost, so that its instances are looked through before anything else is launched.`;
  block(draft, { reason: 'Launching', message });
  return true;
}

/**
 * EC2 throttled its only request. The launch waits in line, and is armed again when its turn comes, so
 * that its deadline and the age of its replays begin with the request that EC2 takes up. For a repeated request "too fast" proves
 * nothing, because EC2 throttles before it looks at the request.
 */
function disarm(draft: Draft, { number, generation, cause, openedAt, failures }: Launch): void {
  draft.status.launch = { number, generation, cause, phase: 'Waiting', openedAt, failures };
  draft.disarmed = true;
}

function tooOldToReplay(view: View, launch: FrozenLaunch): boolean {
  const age = msBetween(parseStamp(launch.submittedAt), view.now.wall);
  return age > view.facts.timing.replayMaxAgeMs;
}

/** Such a record is of an earlier release, under a lost key, or another writer's. */
function whyUnsent({ number }: FrozenLaunch): string {
  return `Launch ${number} is looked up in EC2 and not sent again: its parameters on record carry no status.launch.params.mac that a key of this operator gives them.`;
}

/** Adoption by tag and token happens in instances.ts; a sweep that shows none, begun so late after the last send, is the proof. */
function awaitProofOfAbsence(draft: Draft, launch: Launch, why: string): boolean {
  const { termAt, sends } = draft.facts.process;
  if (!awaitSweepSince(draft, plus(latest(termAt, sends?.lastAt), shownAfterMs(draft)))) return true;
  recordEnd(draft, launch, 'Lost', { message: `EC2 shows no instance for this launch. ${why}` });
  return false;
}

/** Whether a whole sweep begun at that moment or later has been read; until then it looks again. */
function awaitSweepSince(draft: Draft, needed: MonoMs): boolean {
  if (sweptSince(draft.facts, needed)) return true;
  wakeAfter(draft, Math.max(msBetween(draft.now.mono, needed), 1000));
  return false;
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
