import { own } from '../../../../api/base/own.ts';
import {
  type Cause,
  LARGEST_NUMBER,
  type Launch,
  type LaunchParams,
  type Outcome,
} from '../../../../api/kinds/workspace.ts';
import { TAKEN_BACK } from '../../../../api/launch/refusalScope.ts';
import { isEnd, isRecordedBySuccessor, traitsOf } from '../../../../api/reasons/causes.ts';
import { REFUSALS } from '../../../../api/reasons/refusals.ts';
import { iso, msBetween } from '../../../../controller/lib/time.ts';
import { change } from '../desire/change.ts';
import { afterRestart, answersRestart, askedRestart, countRestart } from '../desire/restart.ts';
import { block, type Draft, heed } from '../facts/decision.ts';
import type { Answer, Blocker, FrozenLaunch, View, Wait } from '../facts/view.ts';
import { failuresWith } from '../health/backoff.ts';
import { afterSilence } from '../health/silence.ts';
import { fingerprint } from '../offer/offerings.ts';
import { forgetRefusals, recordRefusal } from '../offer/refused.ts';
import { findInstance, inDoubt, provenGone, remember, trackEnding } from '../record/ending.ts';
import { beginReplacement, noteFailure, replacementOf } from '../record/replacement.ts';
import { noRoom } from '../room/limits.ts';
import { isNear, turnFor } from '../room/line.ts';
import { countLaunch } from '../room/move.ts';
import { candidate, unlaunchable, unreadSecrets } from './candidate.ts';
import { afterEnd, afterTimeout, failureOf } from './repair.ts';
import { claim } from './rollout.ts';

/** Writes the next number when there is something to spend on one, and everything that can be checked beforehand is. */
export function supersede(draft: Draft): void {
  const { launch } = draft.status;
  const { spec } = draft.facts.workspace;
  if (!launch || inDoubt(launch)) return;
  if (spec.operatingMode === 'Stopped' || launch.phase === 'Waiting') return;
  const cause = spec.paused ? undefined : wanted(draft, launch);
  // Without a desired state there is no cause either, and it would seem to be on its way.
  const obstacle = unlaunchable(draft) ?? (draft.status.desired ? undefined : unreadSecrets(draft));
  if (obstacle) block(draft, obstacle);
  if (!cause || draft.blocker) return;
  const spent = usedUp(launch);
  if (spent) {
    block(draft, spent);
    return;
  }
  const { value: taken, ...turn } = claim(draft, launch, cause);
  heed(draft, turn);
  if (!taken) return;
  const givesUp = lives(draft, launch) && !isEnd(cause.kind);
  const { value: params, ...terms } = candidate(draft, launch.number + 1, givesUp);
  const full = noRoom(draft);
  // Without room nothing is asked for, and what EC2 would refuse does not matter.
  if (full && (params || terms.awaitsOffering)) {
    block(draft, full);
    return;
  }
  heed(draft, terms);
  if (!params) return;
  if (lives(draft, launch)) {
    const end: Answer<true> = unbootable(draft) ?? endFor(draft, launch, cause, params);
    heed(draft, end);
    if (!end.value) return;
  }
  open(draft, launch, cause, taken.slot);
  draft.claim = taken;
}

/** No launches of ours get there. A tag with a larger number would not be read, so its instance would not be found again. */
function usedUp({ number }: FrozenLaunch): Blocker | undefined {
  if (number < LARGEST_NUMBER) return undefined;
  return {
    reason: 'InvalidConfiguration',
    message: `status.launch.number is ${number}, and no larger one can follow: somebody else wrote the status (see docs/rights.md). Set status to null, and the operator puts it together again from what EC2 shows.`,
  };
}

/** The one cause that the next launch would spend, or none yet. The draft heeds what each possible cause waits for. */
function wanted(draft: Draft, launch: Launch): Cause | undefined {
  const { desired } = draft.status;
  if (launch.number === 0) return desired && { kind: 'Created', ref: String(desired.generation) };
  const restart = askedRestart(draft);
  if (restart && answersRestart(draft, launch)) answerRequest(draft);
  else if (restart) {
    const { value, ...wait } = afterRestart(draft, restart);
    heed(draft, wait);
    if (value) return value;
  }
  if (launch.phase === 'Closed' && !launch.ended) return launch.cause;
  const { ended } = launch;
  const judgements = ended
    ? [(view: View) => afterEnd(view, launch, ended)]
    : [change, afterTimeout, afterSilence];
  for (const judge of judgements) {
    const { value, ...wait } = judge(draft, launch);
    heed(draft, wait);
    if (value) return value;
  }
  return undefined;
}

/** Whether superseding this launch would end an instance that may still be of use. */
function lives(view: View, launch: FrozenLaunch): boolean {
  if (launch.instanceID === undefined || launch.ended) return false;
  return !provenGone(view, launch.number, launch.instanceID);
}

/** Whether a successor could fetch its environment now: without the gateway and its database none boots. */
function unbootable({ facts }: View): Wait | undefined {
  if (facts.heartbeats.available) return undefined;
  return {
    blocker: {
      reason: 'EvidenceUnavailable',
      message:
        'The gateway or its database is away, so a replacement could not fetch its environment; the present instance stays until they are back.',
    },
    forMs: facts.timing.repairBackoffMinMs,
  };
}

/**
 * A program ends an instance only when its successor's turn at EC2 is near, and shortly before that the successor is
 * validated. A person's restart needs the validation too, and does not wait for the turn: the person chose the time.
 */
function endFor(view: View, launch: FrozenLaunch, cause: Cause, params: LaunchParams): Answer<true> {
  const unproven = unvalidated(view, params);
  const isRefused = unproven !== undefined && unproven.effect === undefined;
  if (isRefused || traitsOf(cause.kind).spends === 'request') return unproven ?? { value: true };
  const order = wantedSince(view, launch, cause);
  const ask = { bucket: 'RunInstances', lane: 'first', errand: 'open', order, ready: !unproven } as const;
  const turn = turnFor(view, ask, `The replacement of launch ${launch.number} (${cause.kind})`);
  if (!unproven) return turn;
  const { effect, ...refusal } = unproven;
  const next = effect && isNear(view) ? { effect } : {};
  if (!refusal.blocker) return { ...turn, ...refusal, ...next };
  // Record a place in line only together with the condition that shows it: alone it would differ at each pass.
  const { turn: _, ...place } = turn;
  return { ...place, ...refusal, ...next };
}

/** Since when this replacement has been due, ISO 8601. */
function wantedSince({ facts, status }: View, launch: FrozenLaunch, { kind }: Cause): string | undefined {
  if (kind === 'TimedOut') return launch.deadline;
  if (!isRecordedBySuccessor(kind)) return status.desired?.at;
  return facts.process.silence && iso(facts.process.silence.at);
}

/**
 * Validate before destroying: a dry run of the successor must have passed lately.
 * A refusal is shown until the next answer, so that asking again changes no condition.
 */
function unvalidated({ facts, now }: View, params: LaunchParams): Wait | undefined {
  const print = fingerprint(params);
  const known = facts.process.validations.find((fact) => fact.fingerprint === print);
  const freshMs = known === undefined ? 0 : msBetween(now.mono, known.expiresAt);
  if (freshMs > 0 && known?.verdict.ok) return undefined;
  const ask =
    freshMs > 0 ? { forMs: freshMs } : { effect: { kind: 'DryRun' as const, params, fingerprint: print } };
  if (!known || known.verdict.ok) return ask;
  const { class: kind, code, message } = known.verdict;
  return {
    ...ask,
    blocker: {
      reason: kind === 'retry' ? 'CloudUnavailable' : REFUSALS[kind].reason,
      message: `A dry run of the replacement failed, so the present instance stays: ${code}: ${message}`,
    },
  };
}

function open(draft: Draft, previous: Launch, cause: Cause, slot: boolean): void {
  const { status, now } = draft;
  const unexpected = previous.phase !== 'Closed' && isEnd(cause.kind);
  const outcome = outcomeOf(previous, cause);
  const console = isRecordedBySuccessor(outcome) ? consoleOf(draft, previous) : undefined;
  remember(draft, previous, outcome, console);
  const failure = failureOf(draft, previous);
  if (failure) noteFailure(draft, previous, 'TimedOut', failure === 'unbound' ? [] : undefined);
  if (
    previous.instanceID !== undefined &&
    findInstance(draft, previous.instanceID)?.state !== 'terminated' &&
    !previous.ended
  ) {
    trackEnding(draft, previous.number, previous.instanceID);
  }
  forgetRefusals(draft);
  // Its own end is about to leave the record.
  if (previous.ended?.outcome === 'Interrupted') recordRefusal(draft, previous, TAKEN_BACK);
  const under = replacementOf(status);
  const env = status.instance?.id === previous.instanceID ? status.instance?.env : undefined;
  const before = { machine: previous.machine, env };
  status.launch = {
    number: previous.number + 1,
    generation: status.desired?.generation ?? 0,
    cause,
    phase: 'Waiting',
    openedAt: iso(now.wall),
    failures: unexpected ? failuresWith(draft, previous) : 0,
  };
  beginReplacement(draft, status.launch, under, before, slot);
  countLaunch(draft);
  if (cause.kind === 'Restart') status.restarts = countRestart(draft);
  answerRequest(draft);
}

function outcomeOf(previous: Launch, cause: Cause): Outcome {
  if (previous.ended) return previous.ended.outcome;
  if (previous.phase === 'Closed') return 'Closed';
  return isRecordedBySuccessor(cause.kind) ? cause.kind : 'Superseded';
}

/** How its console ended; of a launch that does not speak nothing else is known. */
function consoleOf({ facts }: Draft, { instanceID }: Launch): string | undefined {
  const tail = instanceID === undefined ? undefined : own(facts.process.console, instanceID);
  return tail ? `The console ends: ${tail}` : undefined;
}

/** The newest request is answered by the launch that is about to be made, and by no other. */
export function answerRequest(draft: Draft): void {
  const restart = draft.facts.workspace.spec.requests.restart;
  if (restart) draft.status.handled = { ...draft.status.handled, restart };
  if (draft.status.restarts) draft.status.restarts.next = undefined;
}
