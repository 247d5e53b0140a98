import { isEnd, isFailure, REFUSALS } from '../../../api/causes.ts';
import type { Cause, Launch } from '../../../api/workspace.ts';
import { backoffMs } from './backoff.ts';
import { earliestChange } from './change.ts';
import { untilDeadline } from './deadline.ts';
import { block, type Draft, iso, propose, wakeAfter } from './decision.ts';
import { saidOfEnd } from './ending.ts';
import { heartbeatTimeoutMs } from './silence.ts';

type Ended = NonNullable<Launch['ended']>;

/** What EC2 took back was no failure; only a launch that never served waits, lest capacity that comes and goes be chased. */
function pauseMs(draft: Draft, launch: Launch, ended: Ended): number {
  if (isFailure(ended)) return backoffMs(draft, launch);
  return launch.readyAt === undefined ? draft.facts.timing.repairBackoffMinMs : 0;
}

/** A launch that came to an end is replaced after a pause; for capacity at once, as another offering is asked. */
export function afterEnd(draft: Draft, launch: Launch, ended: Ended): Cause | undefined {
  const cause: Cause = { kind: isEnd(ended.outcome) ? ended.outcome : 'Ended', ref: String(launch.number) };
  if (ended.refusal && REFUSALS[ended.refusal].retried === 'atOnce') return cause;
  const changed = (draft.status.desired?.generation ?? 0) > launch.generation;
  const at = changed ? earliestChange(draft, launch) : Date.parse(ended.at) + pauseMs(draft, launch, ended);
  if (at <= draft.now.wall) return cause;
  wakeAfter(draft, at - draft.now.wall);
  explain(draft, launch, ended, `the next attempt is at ${iso(at)}`);
  return undefined;
}

function explain(draft: Draft, launch: Launch, ended: Ended, next: string): void {
  if (ended.refusal === 'quota') {
    block(draft, 'QuotaExceeded', `${saidOfEnd(ended)} Ask AWS for a higher quota; ${next}.`);
  } else if (ended.refusal === 'userFix') {
    block(
      draft,
      'InvalidConfiguration',
      `EC2 refused the launch: ${saidOfEnd(ended)} Mend the class or the Workspace; ${next}.`,
    );
  } else {
    block(
      draft,
      'Restarting',
      `Launch ${launch.number} ended: ${saidOfEnd(ended)} Replaced after a pause; ${next}.`,
    );
  }
}

/** A launch that never heartbeat by its deadline is replaced after a pause, unless nobody could have heard it. */
export function afterTimeout(draft: Draft, launch: Launch): Cause | undefined {
  if (launch.phase !== 'Submitted' || launch.readyAt || launch.instanceID === undefined) return undefined;
  const { facts } = draft;
  const left = untilDeadline(draft, launch);
  if (left > 0) {
    wakeAfter(draft, left);
    return undefined;
  }
  if (!heardLongEnough(draft) || bindsStill(draft)) return undefined;
  const console = facts.process.console[launch.instanceID];
  if (console === undefined) propose(draft, { kind: 'ReadConsole', instanceID: launch.instanceID });
  const pause = backoffMs(draft, launch);
  const at = Date.parse(launch.deadline ?? '') + pause;
  const tail = console ? ` The console ends: ${console}` : '';
  if (left + pause <= 0 && console !== undefined) return { kind: 'TimedOut', ref: String(launch.number) };
  block(
    draft,
    'StartupTimeout',
    `No heartbeat from ${launch.instanceID} (launch ${launch.number}) by ${launch.deadline}; it is replaced at ${iso(at)} unless one comes.${tail}`,
  );
  wakeAfter(draft, left + pause);
  return undefined;
}

function heardLongEnough(draft: Draft): boolean {
  const { available, since, massSilence } = draft.facts.heartbeats;
  if (!available || massSilence || since === undefined) {
    wakeAfter(draft, draft.facts.timing.repairBackoffMinMs);
    return false;
  }
  const wait = since + heartbeatTimeoutMs(draft) - draft.now.mono;
  if (wait > 0) wakeAfter(draft, wait);
  return wait <= 0;
}

/** While the Secrets change, no environment can be served; the launch is not to blame, and its deadline waits. */
function bindsStill(draft: Draft): boolean {
  const { facts, now, status } = draft;
  if (status.instance?.env !== undefined || !status.desired) return false;
  const countedAt = Date.parse(status.desired.at);
  // The clock was set back since: how long ago that was nobody knows, and nothing waits until it has caught up.
  const until = (countedAt > now.wall ? Number.NEGATIVE_INFINITY : countedAt) + heartbeatTimeoutMs(draft);
  if (facts.process.change === undefined && until <= now.wall) return false;
  block(
    draft,
    'SecretsUnstable',
    `The Secrets changed again (last counted at ${status.desired.at}) before the instance could fetch its environment; if they keep changing, find what rewrites them.`,
  );
  if (until > now.wall) wakeAfter(draft, until - now.wall);
  return true;
}
