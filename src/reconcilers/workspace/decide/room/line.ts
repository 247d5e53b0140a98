import { conditionIn } from '../../../../api/base/conditions.ts';
import { iso, plus } from '../../../../controller/lib/time.ts';
import type { Answer, Blocker, TurnAsk, View, Wait } from '../facts/view.ts';

/**
 * An instance is given up for a change only when its successor's turn is as near as that, ms: about what EC2 takes to
 * end an instance. The successor's turn has then come by the time that it could be sent.
 */
export const NEAR_MS = 30_000;

/** A wait that is over sooner is not worth a write, ms. */
const WORTH_SHOWING_MS = 10_000;

/**
 * Whether this Workspace may send, or give up its instance, now; `what` names for what. It takes a place in line, and
 * waits by coming back: nothing is recorded before its turn, so that no deadline runs in line.
 */
export function turnFor(view: View, ask: TurnAsk, what: string): Answer<true> {
  const { line } = view.facts;
  if (!line) return { ask };
  if (line.inMs <= 0) return ask.ready ? { ask, value: true } : { ask };
  return { ask, forMs: line.inMs, ...shownTurn(view, ask, what) };
}

/** Whether what must be known by then is to be found out now. */
export function isNear({ facts }: View): boolean {
  return facts.line !== undefined && facts.line.inMs <= NEAR_MS;
}

/** A wait stays on record as it was when it began: a place in line that follows each step would be a write each. */
function shownTurn(view: View, { bucket, errand }: TurnAsk, what: string): Pick<Wait, 'blocker' | 'turn'> {
  const { facts, now, status } = view;
  const generation = status.desired?.generation ?? 0;
  const before = facts.workspace.status?.turn;
  // A Workspace that serves shows it in UpToDate; one that is down, in Ready.
  const type = errand === 'open' ? 'UpToDate' : 'Ready';
  const shown = conditionIn(facts.workspace.status, type);
  if (shown?.reason === 'LaunchQueued' && before?.generation === generation) {
    return { blocker: { reason: 'LaunchQueued', message: shown.message }, turn: before };
  }
  const { inMs, ahead } = facts.line ?? { inMs: 0, ahead: 0 };
  if (inMs < WORTH_SHOWING_MS) return {};
  const turn = {
    generation,
    since: iso(now.wall),
    place: ahead + 1,
    expectedAt: iso(plus(now.wall, inMs)),
  };
  const message = `${what} waits for its turn: EC2 limits ${bucket} requests for the whole account and region; at ${turn.since} it was number ${turn.place} in line, its turn is about ${turn.expectedAt}.`;
  const blocker: Blocker = { reason: 'LaunchQueued', message };
  return { blocker, turn };
}
