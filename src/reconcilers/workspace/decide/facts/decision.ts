import { copyOf } from '../../../../api/base/plain.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import {
  type EventType,
  eventTypeOf,
  type WorkspaceEventReason,
} from '../../../../api/reasons/eventReasons.ts';
import type { Facts, Now } from './facts.ts';
import type { Blocker, Effect, SweepWish, TurnAsk, View, Wait } from './view.ts';

export interface EventIntent {
  type: EventType;
  reason: WorkspaceEventReason;
  message: string;
}

export function eventOf(reason: WorkspaceEventReason, message: string): EventIntent {
  return { type: eventTypeOf(reason), reason, message };
}

/** The place and room that a launch takes from others of its class, in the same moment as the write that opens it goes out. */
export interface Claim {
  /** A place among those that may be down at once. */
  slot: boolean;
  /** A place among the class's instances. */
  room: boolean;
  /** The same in the class that spec.className names, which it moves to. */
  move?: boolean;
  /** Content that it would be the first to try. */
  contents: readonly string[];
}

export interface Decision {
  /** The whole status as it should be; equal to the present one when nothing is to be written. */
  status: WorkspaceStatus;
  effect?: Effect;
  /** After how many ms to look again; without it, when something happens. */
  requeueAfterMs?: number;
  events: readonly EventIntent[];
  /** The suspicion of a wiped or rolled-back status is settled. */
  settled?: boolean;
  /** Nothing came of what was sent for the present launch, and nothing can any more. */
  disarmed?: boolean;
  /** The decision would go further if the class's terms were resolved: do so and decide again. */
  needsResolution?: boolean;
  /** EC2 refuses all that it could ask for; once it accepts any of that, decide again. */
  awaitsOffering?: boolean;
  /** To be taken before the status is written; where that is not to be had any more, decide again. */
  claim?: Claim;
  /** The sweep that it waits for; without it sweeps may rest. */
  sweep?: SweepWish;
  /** A turn that it waits for, or uses; without it, what place it has is given up. Where it has yet to be asked for, ask and decide again. */
  ask?: TurnAsk;
}

/** A decision in the making: phases amend it in turn, and the first effect asked for is the one. */
export interface Draft extends View {
  status: WorkspaceStatus;
  effect?: Effect;
  requeueAfterMs?: number;
  readonly events: EventIntent[];
  settled?: boolean;
  disarmed?: boolean;
  needsResolution?: boolean;
  awaitsOffering?: boolean;
  claim?: Claim;
  sweep?: SweepWish;
  ask?: TurnAsk;
  /** What keeps a launch or a replacement from happening. */
  blocker?: Blocker;
}

export function draftFrom(facts: Facts, now: Now): Draft {
  const status: WorkspaceStatus = copyOf(facts.workspace.status ?? { observedGeneration: -1, provisions: 0 });
  return { facts, now, status, events: [] };
}

/** The earliest wake-up wins; a past one means at once. */
export function wakeAfter(draft: Draft, ms: number): void {
  const wait = Math.max(0, Math.ceil(ms));
  draft.requeueAfterMs = draft.requeueAfterMs === undefined ? wait : Math.min(draft.requeueAfterMs, wait);
}

/** Waits for a sweep: each of them rather than one, and the later one of two. */
export function awaitSweep(draft: Draft, wish: SweepWish): void {
  const { sweep } = draft;
  if (sweep === undefined || wish === 'each') draft.sweep = wish;
  else if (sweep !== 'each' && wish.from > sweep.from) draft.sweep = wish;
}

export function propose(draft: Draft, effect: Effect): void {
  draft.effect ??= effect;
}

/** The first blocker is the one that is shown. */
export function block(draft: Draft, blocker: Blocker): void {
  draft.blocker ??= blocker;
}

/** Takes up what a judgement waits for. */
export function heed(
  draft: Draft,
  { ask, awaitsOffering, blocker, deferred, effect, forMs, needsResolution, restartAt, sweep, turn }: Wait,
): void {
  if (blocker) block(draft, blocker);
  if (forMs !== undefined) wakeAfter(draft, forMs);
  if (effect) propose(draft, effect);
  if (sweep) awaitSweep(draft, sweep);
  if (ask) draft.ask ??= ask;
  if (awaitsOffering) draft.awaitsOffering = true;
  if (needsResolution) draft.needsResolution = true;
  if (deferred) draft.status.deferred = deferred;
  if (restartAt && draft.status.restarts) draft.status.restarts.next = restartAt;
  // The status keeps a place for as long as a condition shows it.
  if (turn && draft.blocker === blocker) draft.status.turn = turn;
}
