import type { Cause, Launch, Outcome } from '../../../api/workspace.ts';
import { candidate, launchable } from './candidate.ts';
import { block, type Draft, iso, propose, wakeAfter } from './decision.ts';
import { holdsDesiredEnvironment } from './desired.ts';
import { findInstance, inDoubt, provenGone, remember, trackEnding } from './ending.ts';
import { fingerprint } from './offerings.ts';

/** Writes the next number when there is something to spend on one, and everything that can be checked beforehand is. */
export function supersede(draft: Draft): void {
  const { launch } = draft.status;
  const { spec } = draft.facts.workspace;
  if (!launch || inDoubt(launch) || spec.operatingMode === 'Stopped') return;
  if (launch.phase === 'Waiting') return;
  const cause = spec.paused ? undefined : wanted(draft, launch);
  if (!cause) {
    launchable(draft);
    return;
  }
  const params = candidate(draft, launch.number + 1);
  if (!params) return;
  if (lives(draft, launch) && !validated(draft, fingerprint(params))) {
    if (!draft.blocker) propose(draft, { kind: 'DryRun', params, fingerprint: fingerprint(params) });
    return;
  }
  open(draft, launch, cause);
}

/** The one thing that the next launch would spend, or nothing yet. */
function wanted(draft: Draft, launch: Launch): Cause | undefined {
  const { desired, handled } = draft.status;
  const restart = draft.facts.workspace.spec.requests.restart;
  if (launch.number === 0) return desired && { kind: 'Created', ref: String(desired.generation) };
  if (restart && restart !== handled?.restart) return { kind: 'Restart', ref: restart };
  if (launch.ended) return afterEnd(draft, launch, launch.ended);
  return change(draft, launch) ?? afterTimeout(draft, launch);
}

function backoffMs(draft: Draft, launch: Launch): number {
  const { repairBackoffMinMs, repairBackoffMaxMs } = draft.facts.timing;
  const failures = launch.readyAt ? 0 : launch.failures;
  return Math.min(repairBackoffMinMs * 2 ** Math.min(failures, 16), repairBackoffMaxMs);
}

function afterEnd(draft: Draft, launch: Launch, ended: NonNullable<Launch['ended']>): Cause | undefined {
  const cause: Cause = { kind: endKind(ended.outcome), ref: String(launch.number) };
  if (ended.refusal === 'capacity') return cause;
  const changed = (draft.status.desired?.generation ?? 0) > launch.generation;
  const at = changed ? earliestChange(draft, launch) : Date.parse(ended.at) + backoffMs(draft, launch);
  if (at <= draft.now.wall) return cause;
  wakeAfter(draft, at - draft.now.wall);
  const next = `the next attempt is at ${iso(at)}`;
  if (ended.refusal === 'quota') {
    block(draft, 'QuotaExceeded', `${ended.message ?? 'EC2 refused.'} Ask AWS for a higher quota; ${next}.`);
  } else if (ended.refusal === 'userFix') {
    block(
      draft,
      'InvalidConfiguration',
      `EC2 refused the launch: ${ended.message ?? ''} Mend the class or the Workspace; ${next}.`,
    );
  } else {
    block(
      draft,
      'Restarting',
      `Launch ${launch.number} ended: ${ended.message ?? ended.outcome} Replaced after a pause; ${next}.`,
    );
  }
  return undefined;
}

function endKind(outcome: Outcome): Cause['kind'] {
  return outcome === 'Refused' || outcome === 'Lost' || outcome === 'TimedOut' ? outcome : 'Ended';
}

function earliestChange(draft: Draft, launch: Launch): number {
  const minIntervalMs =
    (draft.facts.class?.spec.rollout.minIntervalSeconds ?? 60) * draft.facts.timing.secondMs;
  return Date.parse(launch.submittedAt ?? '') + minIntervalMs;
}

/** Armed, not over, not yet heard of, and within its deadline: nothing programmatic may supersede it. */
export function progresses(draft: Draft, launch: Launch): boolean {
  if (launch.phase !== 'Submitted' || launch.readyAt || launch.ended) return false;
  return draft.now.wall < Date.parse(launch.deadline ?? '');
}

/** A running instance that does not hold what is desired, by digests; deferred while the launch is young or progresses. */
function change(draft: Draft, launch: Launch): Cause | undefined {
  const { desired } = draft.status;
  if (!desired || desired.generation <= launch.generation || isCurrent(draft, launch)) return undefined;
  const at = earliestChange(draft, launch);
  const progressing = progresses(draft, launch);
  if (at <= draft.now.wall && !progressing) return { kind: desired.cause, ref: String(desired.generation) };
  draft.deferredUntil = progressing ? Math.max(at, Date.parse(launch.deadline ?? '')) : at;
  wakeAfter(draft, draft.deferredUntil - draft.now.wall);
  return undefined;
}

/** Secrets bind late: an instance that holds no environment yet will be served the desired one. */
export function isCurrent(draft: Draft, launch: Launch): boolean {
  const { desired, instance } = draft.status;
  if (!desired) return true;
  if (launch.machine !== undefined && launch.machine !== desired.machine) return false;
  const held = instance?.env;
  return held === undefined || holdsDesiredEnvironment(draft.facts, desired.env, held);
}

/** A launch that never heartbeat by its deadline is replaced after a pause, unless the evidence itself is missing. */
function afterTimeout(draft: Draft, launch: Launch): Cause | undefined {
  if (launch.phase !== 'Submitted' || launch.readyAt || launch.instanceID === undefined) return undefined;
  const { facts, now, status } = draft;
  const deadline = Date.parse(launch.deadline ?? '');
  if (now.wall < deadline) {
    wakeAfter(draft, deadline - now.wall);
    return undefined;
  }
  if (!facts.heartbeats.available) {
    wakeAfter(draft, facts.timing.repairBackoffMinMs);
    return undefined;
  }
  if (facts.process.change && status.instance?.env === undefined) {
    block(
      draft,
      'SecretsUnstable',
      'The Secrets keep changing, so that no environment can be served; find what rewrites them.',
    );
    return undefined;
  }
  const console = facts.process.console[launch.instanceID];
  if (console === undefined) propose(draft, { kind: 'ReadConsole', instanceID: launch.instanceID });
  const at = deadline + backoffMs(draft, launch);
  const tail = console ? ` The console ends: ${console}` : '';
  if (now.wall >= at && console !== undefined) return { kind: 'TimedOut', ref: String(launch.number) };
  block(
    draft,
    'StartupTimeout',
    `No heartbeat from ${launch.instanceID} (launch ${launch.number}) by ${launch.deadline}; it is replaced at ${iso(at)} unless one comes.${tail}`,
  );
  wakeAfter(draft, at - now.wall);
  return undefined;
}

/** Whether superseding this launch would end an instance that may still be of use. */
function lives(draft: Draft, launch: Launch): boolean {
  if (launch.instanceID === undefined || launch.ended) return false;
  return !provenGone(draft, launch.number, launch.instanceID);
}

/** Validate before destroying: a dry run of the successor must have passed lately. */
function validated(draft: Draft, print: string): boolean {
  const fact = draft.facts.process.validations.find(
    (known) => known.fingerprint === print && known.expiresAt > draft.now.mono,
  );
  if (!fact) return false;
  if (fact.verdict.ok) return true;
  const { verdict } = fact;
  const reason =
    verdict.class === 'quota'
      ? 'QuotaExceeded'
      : verdict.class === 'userFix'
        ? 'InvalidConfiguration'
        : 'CloudUnavailable';
  block(
    draft,
    reason,
    `A dry run of the replacement failed, so the present instance stays: ${verdict.code}: ${verdict.message}`,
  );
  wakeAfter(draft, fact.expiresAt - draft.now.mono);
  return false;
}

function open(draft: Draft, previous: Launch, cause: Cause): void {
  const { status, now } = draft;
  const unexpected = ['Ended', 'TimedOut', 'Lost', 'Refused'].includes(cause.kind);
  const counted = unexpected && previous.ended?.refusal !== 'capacity';
  const failures = unexpected ? (previous.readyAt ? 0 : previous.failures) + (counted ? 1 : 0) : 0;
  const outcome = previous.ended?.outcome ?? (cause.kind === 'TimedOut' ? 'TimedOut' : 'Superseded');
  remember(draft, previous, outcome);
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
    failures,
  };
  answerRequest(draft);
}

/** The newest request is answered by the launch that is about to be made, and by no other. */
export function answerRequest(draft: Draft): void {
  const restart = draft.facts.workspace.spec.requests.restart;
  if (restart) draft.status.handled = { ...draft.status.handled, restart };
}
