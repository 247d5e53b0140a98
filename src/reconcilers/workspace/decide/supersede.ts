import { isEnd, isRecordedBySuccessor } from '../../../api/causes.ts';
import type { Cause, Launch, LaunchParams, Outcome } from '../../../api/workspace.ts';
import { failuresWith } from './backoff.ts';
import { candidate, launchable } from './candidate.ts';
import { change } from './change.ts';
import { block, type Draft, iso, propose, wakeAfter } from './decision.ts';
import { findInstance, inDoubt, provenGone, remember, trackEnding } from './ending.ts';
import { mayEnter } from './limits.ts';
import { fingerprint } from './offerings.ts';
import { afterEnd, afterTimeout } from './repair.ts';
import { claim } from './rollout.ts';
import { afterSilence } from './silence.ts';

/** What a refused dry run is called. */
const REASONS = {
  quota: 'QuotaExceeded',
  userFix: 'InvalidConfiguration',
  retry: 'CloudUnavailable',
} as const;

/** Writes the next number when there is something to spend on one, and everything that can be checked beforehand is. */
export function supersede(draft: Draft): void {
  const { launch } = draft.status;
  const { spec } = draft.facts.workspace;
  if (!launch || inDoubt(launch)) return;
  if (spec.operatingMode === 'Stopped' || launch.phase === 'Waiting') return;
  const cause = spec.paused ? undefined : wanted(draft, launch);
  if (!cause) {
    launchable(draft);
    return;
  }
  if (!launchable(draft)) return;
  const taken = claim(draft, launch, cause);
  if (!taken) return;
  const params = candidate(draft, launch.number + 1);
  if (!params || !mayEnter(draft)) return;
  if (lives(draft, launch) && !(bootable(draft) && validated(draft, params))) return;
  open(draft, launch, cause);
  draft.claim = taken;
}

/** The one thing that the next launch would spend, or nothing yet. */
function wanted(draft: Draft, launch: Launch): Cause | undefined {
  const { desired, handled } = draft.status;
  const restart = draft.facts.workspace.spec.requests.restart;
  if (launch.number === 0) return desired && { kind: 'Created', ref: String(desired.generation) };
  if (restart && restart !== handled?.restart) return { kind: 'Restart', ref: restart };
  if (launch.phase === 'Closed' && !launch.ended) return launch.cause;
  if (launch.ended) return afterEnd(draft, launch, launch.ended);
  return change(draft, launch) ?? afterTimeout(draft, launch) ?? afterSilence(draft, launch);
}

/** Whether superseding this launch would end an instance that may still be of use. */
function lives(draft: Draft, launch: Launch): boolean {
  if (launch.instanceID === undefined || launch.ended) return false;
  return !provenGone(draft, launch.number, launch.instanceID);
}

/** Whether a successor could fetch its environment now: without the gateway and its database none boots. */
function bootable(draft: Draft): boolean {
  if (draft.facts.heartbeats.available) return true;
  block(
    draft,
    'EvidenceUnavailable',
    'The gateway or its database is away, so a replacement could not fetch its environment; the present instance stays until they are back.',
  );
  wakeAfter(draft, draft.facts.timing.repairBackoffMinMs);
  return false;
}

/**
 * Validate before destroying: a dry run of the successor must have passed lately.
 * A refusal is shown until the next answer, so that asking again is no news by itself.
 */
function validated(draft: Draft, params: LaunchParams): boolean {
  const print = fingerprint(params);
  const known = draft.facts.process.validations.find((fact) => fact.fingerprint === print);
  const fresh = known !== undefined && known.expiresAt > draft.now.mono;
  if (fresh && known.verdict.ok) return true;
  if (known && !known.verdict.ok) {
    const { class: kind, code, message } = known.verdict;
    block(
      draft,
      REASONS[kind],
      `A dry run of the replacement failed, so the present instance stays: ${code}: ${message}`,
    );
  }
  if (fresh) wakeAfter(draft, known.expiresAt - draft.now.mono);
  else propose(draft, { kind: 'DryRun', params, fingerprint: print });
  return false;
}

function open(draft: Draft, previous: Launch, cause: Cause): void {
  const { status, now } = draft;
  const unexpected = previous.phase !== 'Closed' && isEnd(cause.kind);
  const outcome = outcomeOf(previous, cause);
  const console = isRecordedBySuccessor(outcome) ? consoleOf(draft, previous) : undefined;
  remember(draft, previous, outcome, console);
  if (
    previous.instanceID !== undefined &&
    findInstance(draft, previous.instanceID)?.state !== 'terminated' &&
    !previous.ended
  ) {
    trackEnding(draft, previous.number, previous.instanceID);
  }
  status.launch = {
    number: previous.number + 1,
    generation: status.desired?.generation ?? 0,
    cause,
    phase: 'Waiting',
    openedAt: iso(now.wall),
    failures: unexpected ? failuresWith(draft, previous) : 0,
  };
  answerRequest(draft);
}

function outcomeOf(previous: Launch, cause: Cause): Outcome {
  if (previous.ended) return previous.ended.outcome;
  if (previous.phase === 'Closed') return 'Closed';
  return isRecordedBySuccessor(cause.kind) ? cause.kind : 'Superseded';
}

/** How its console ended; of a launch that does not speak nothing else is known. */
function consoleOf({ facts }: Draft, { instanceID }: Launch): string | undefined {
  const tail = instanceID === undefined ? undefined : facts.process.console[instanceID];
  return tail ? `The console ends: ${tail}` : undefined;
}

/** The newest request is answered by the launch that is about to be made, and by no other. */
export function answerRequest(draft: Draft): void {
  const restart = draft.facts.workspace.spec.requests.restart;
  if (restart) draft.status.handled = { ...draft.status.handled, restart };
}
