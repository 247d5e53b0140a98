import { own } from '../../../../api/base/own.ts';
import type { Cause } from '../../../../api/kinds/workspace.ts';
import { isComingUp } from '../../../../api/launch/progressing.ts';
import { isEnd, isFailure } from '../../../../api/reasons/causes.ts';
import { REFUSALS } from '../../../../api/reasons/refusals.ts';
import { earliest, iso, msBetween, parseStamp, plus } from '../../../../controller/lib/time.ts';
import { earliestChange } from '../desire/change.ts';
import type { Answer, Blocker, FrozenLaunch, View, Wait } from '../facts/view.ts';
import { backoffMs } from '../health/backoff.ts';
import { hasLived, powerBlocked } from '../health/power.ts';
import { heartbeatTimeoutMs } from '../health/silence.ts';
import { isMarked } from '../offer/refused.ts';
import { sinceEnd, untilDeadline } from '../record/deadline.ts';
import { findInstance, isOurs, saidOfEnd } from '../record/ending.ts';
import { startupTimeoutMs } from '../record/recovery.ts';

type Ended = NonNullable<FrozenLaunch['ended']>;

/** A Spot interruption is no failure. Only a launch that never served waits, so that it does not chase capacity that comes and goes. */
function pauseMs(view: View, launch: FrozenLaunch, ended: Ended): number {
  if (isFailure(ended)) return backoffMs(view, launch);
  return launch.readyAt === undefined ? view.facts.timing.repairBackoffMinMs : 0;
}

/** A launch that came to an end is replaced after a pause; for capacity at once, as another offering is asked. */
export function afterEnd(view: View, launch: FrozenLaunch, ended: Ended): Answer<Cause> {
  const cause: Cause = { kind: isEnd(ended.outcome) ? ended.outcome : 'Ended', ref: String(launch.number) };
  if (ended.refusal && REFUSALS[ended.refusal].retried === 'atOnce') return { value: cause };
  // Refusals that concern all set the next offering and its time; a refusal of this launch alone has a pause of its own.
  if (ended.refusal && !REFUSALS[ended.refusal].failure && isMarked(view, launch)) return { value: cause };
  const changed = (view.status.desired?.generation ?? 0) > launch.generation;
  const wait = changed
    ? msBetween(view.now.wall, earliestChange(view, launch))
    : pauseMs(view, launch, ended) - sinceEnd(view, launch, ended.at);
  if (wait <= 0) return { value: cause };
  // From the stamp, so that the message stays as it is while the wait goes on.
  const at = changed
    ? earliestChange(view, launch)
    : plus(earliest(parseStamp(ended.at), view.now.wall), pauseMs(view, launch, ended));
  const blocker = explain(launch, ended, `the next attempt is at ${iso(at)}`);
  return { blocker, forMs: wait };
}

function explain({ number }: FrozenLaunch, ended: Ended, next: string): Blocker {
  const said = saidOfEnd(ended);
  const { refusal } = ended;
  switch (refusal) {
    case 'quota': {
      const message = `${said} Ask AWS for a higher quota; ${next}.`;
      return { reason: REFUSALS[refusal].reason, message };
    }
    case 'userFix': {
      const message = `EC2 refused the launch: ${said} Fix the class or the Workspace; ${next}.`;
      return { reason: REFUSALS[refusal].reason, message };
    }
    case 'capacity':
    case undefined: {
      const message = `Launch ${number} ended: ${said} Replaced after a pause; ${next}.`;
      return { reason: 'Restarting', message };
    }
  }
}

/** A launch that never heartbeat by its deadline is replaced after a pause, unless no gateway could have heard it. */
export function afterTimeout(view: View, launch: FrozenLaunch): Answer<Cause> {
  if (!isComingUp(launch) || launch.instanceID === undefined) return {};
  // Each launch of ours has a deadline; one that another writer recorded without it does not time out.
  if (launch.deadline === undefined) return {};
  const left = untilDeadline(view, launch);
  if (left > 0) return { forMs: left };
  const blocked = powerFails(view, launch);
  if (blocked) return { blocker: blocked };
  const unjudged = unheard(view) ?? unbound(view, -left);
  if (unjudged) return unjudged;
  const console = consoleOf(view, launch.instanceID);
  const pause = backoffMs(view, launch);
  if (left + pause <= 0 && console !== undefined) {
    return { value: { kind: 'TimedOut', ref: String(launch.number) } };
  }
  const at = plus(parseStamp(launch.deadline), pause);
  const tail = console ? ` The console ends: ${console}` : '';
  return {
    blocker: {
      reason: 'StartupTimeout',
      message: `No heartbeat from ${launch.instanceID} (launch ${launch.number}) by ${launch.deadline}; it is replaced at ${iso(at)} unless one comes.${tail}`,
    },
    effect: console === undefined ? { kind: 'ReadConsole', instanceID: launch.instanceID } : undefined,
    forMs: left + pause,
  };
}

/** Undefined until it was read. Of an instance that EC2 does not show as ours nothing is read: a status may name any. */
function consoleOf(view: View, id: string): string | undefined {
  const instance = findInstance(view, id);
  return instance && isOurs(view, instance) ? own(view.facts.process.console, id) : '';
}

/**
 * How a launch failed whose deadline passed without a heartbeat, regardless of what supersedes it now: a restart or another change
 * in the pause before its repair must not hide the failure. `unbound`: the environment that it should get kept changing.
 */
export function failureOf(view: View, launch: FrozenLaunch): 'timedOut' | 'unbound' | undefined {
  const { deadline, instanceID } = launch;
  if (!isComingUp(launch) || instanceID === undefined || deadline === undefined) return undefined;
  const left = untilDeadline(view, launch);
  if (left > 0 || powerFails(view, launch) || unheard(view)) return undefined;
  return unbound(view, -left) ? 'unbound' : 'timedOut';
}

/** People's work is on its disk: it is not given up because EC2 refuses to start it. */
function powerFails(view: View, launch: FrozenLaunch): Blocker | undefined {
  return hasLived(launch) ? powerBlocked(view, launch) : undefined;
}

/** Not to have been heard proves nothing before heartbeats could be heard for a whole timeout. */
function unheard(view: View): Wait | undefined {
  const { available, since, massSilence } = view.facts.heartbeats;
  if (!available || massSilence || since === undefined) {
    return { forMs: view.facts.timing.repairBackoffMinMs };
  }
  const wait = msBetween(view.now.mono, plus(since, heartbeatTimeoutMs(view)));
  return wait > 0 ? { forMs: wait } : undefined;
}

/**
 * While the Secrets change, the gateway can serve no environment; the launch is not to blame, and its deadline waits. But an
 * instance that does not boot asks for none either, so the deadline moves by at most its own length. A missing Secret is no
 * change: SecretMissing reports it.
 */
function unbound(view: View, lateMs: number): Wait | undefined {
  const { facts, now, status } = view;
  if (status.instance?.env !== undefined || !status.desired || facts.environment.kind === 'Missing')
    return undefined;
  const leftMs = startupTimeoutMs(view) - lateMs;
  if (leftMs <= 0) return undefined;
  const countedAt = parseStamp(status.desired.at);
  // The clock was set back since, so the age is unknown. Nothing waits until the clock has caught up.
  const until = countedAt > now.wall ? now.wall : plus(countedAt, heartbeatTimeoutMs(view));
  if (facts.process.change === undefined && until <= now.wall) return undefined;
  return {
    blocker: {
      reason: 'SecretsUnstable',
      message: `The Secrets changed again (last counted at ${status.desired.at}) before the instance could fetch its environment; if they keep changing, find what rewrites them.`,
    },
    forMs: Math.min(leftMs, until > now.wall ? msBetween(now.wall, until) : leftMs),
  };
}
