import type { Clock, Timer } from '../../../src/controller/lib/clock.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import type { InstanceState } from '../../../src/ec2/calls/port.ts';
import { currentState, type DuePhase, type InstanceRecord, type StateReason } from '../base/model.ts';
import { draw, type Range, type Timings } from '../base/timings.ts';

/** Receives every change of state, after it happened and before any caller can read it. */
export type Listener = (instance: InstanceRecord, state: InstanceState) => void;

/** Moves instances from state to state as time passes, by EC2's life cycle ("Amazon EC2 instance state changes"). */
export interface Lifecycle {
  /** Enters a state now; automatic changes of state go on from there. */
  enter(instance: InstanceRecord, state: InstanceState, reason?: StateReason): void;
  /** Has the instance shut down `ms` from now, unless its state changes before. */
  shutDownIn(instance: InstanceRecord, ms: number, reason: StateReason): void;
  /** Takes up a restored instance's pending change where it was. */
  resume(instance: InstanceRecord): void;
  /** While frozen, `pending` doesn't pass; thawed, what is overdue passes at once. */
  freezePending(frozen: boolean): void;
  subscribe(listener: Listener): void;
  /** Cancels everything that is due. */
  close(): void;
}

const PASSES: Readonly<Record<string, { to: InstanceState; after: (t: Timings) => Range }>> = {
  pending: { to: 'running', after: (t) => t.pending },
  'shutting-down': { to: 'terminated', after: (t) => t.shuttingDown },
  stopping: { to: 'stopped', after: (t) => t.stopping },
};

export function createLifecycle(deps: { clock: Clock; random: Random; timings: Timings }): Lifecycle {
  const { clock, random, timings } = deps;
  const listeners: Listener[] = [];
  const timers = new Map<string, Timer>();
  const overdue = new Set<InstanceRecord>();
  let frozen = false;

  function arm(instance: InstanceRecord): void {
    timers.get(instance.id)?.cancel();
    timers.delete(instance.id);
    overdue.delete(instance);
    const next = instance.next;
    if (next === undefined) return;
    const wait = Math.max(0, next.at - clock.monotonic());
    timers.set(
      instance.id,
      clock.setTimeout(() => {
        if (frozen && currentState(instance) === 'pending') overdue.add(instance);
        else pass(instance, next);
      }, wait),
    );
  }

  function pass(instance: InstanceRecord, { state, reason }: DuePhase): void {
    if (reason !== undefined) instance.transitionReason = reason.code;
    enter(instance, state, reason);
  }

  function enter(instance: InstanceRecord, state: InstanceState, reason?: StateReason): void {
    const now = clock.monotonic();
    instance.phases.push({ state, at: now });
    if (reason !== undefined) instance.stateReason = reason;
    if (state === 'running') instance.boots += 1;
    const pass = PASSES[state];
    instance.next = pass && { state: pass.to, at: now + draw(random, pass.after(timings)) };
    arm(instance);
    for (const listener of listeners) listener(instance, state);
  }

  return {
    enter,
    shutDownIn(instance, ms, reason) {
      instance.next = { state: 'shutting-down', at: clock.monotonic() + ms, reason };
      arm(instance);
    },
    resume: arm,
    freezePending(on) {
      frozen = on;
      if (on) return;
      for (const instance of [...overdue]) arm(instance);
    },
    subscribe(listener) {
      listeners.push(listener);
    },
    close() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
      overdue.clear();
    },
  };
}
