import { type Clock, sleep } from '../../../src/controller/lib/clock.ts';
import type { Random } from '../../../src/controller/lib/random.ts';
import { StatusError } from '../errors/statusErrors.ts';
import type { Watch, WatchFrame, WatchGate } from '../request/watchStream.ts';
import type { Store } from '../storage/store.ts';
import type { CallInfo } from './counters.ts';
import {
  type Fault,
  type FaultEffect,
  type FaultInput,
  type FaultMatch,
  faultSchema,
  matchesCall,
} from './faultSchema.ts';

/** The connection is to be closed without an answer. */
export class ConnectionLost extends Error {
  constructor() {
    super('the connection was closed by a fault');
    this.name = 'ConnectionLost';
  }
}

export interface ActiveFault {
  id: number;
  fault: Fault;
  hits: number;
}

/** Faults on demand, for tests and for people who want to see. */
export interface Faults {
  /** Throws a ZodError. Takes effect at once, on open watches too. */
  add(fault: FaultInput): { id: number; remove(): void };
  remove(id: number): boolean;
  clear(): void;
  active(): ActiveFault[];
  /** Breaks open watches off, as a reset connection does; answers how many. */
  closeWatches(match?: FaultMatch): number;

  /** Before a call is processed. Throws ConnectionLost or StatusError. */
  before(call: CallInfo): Promise<void>;
  /** After it was. Throws likewise. */
  after(call: CallInfo): Promise<void>;
  /** The revision whose state reads are to show, when not the present one. */
  staleRevision(call: CallInfo): number | undefined;
  gate(call: CallInfo): WatchGate & { opened(watch: Watch): void };
}

const tooMany = 'Too many requests, please try again later.';

function statusError(effect: Extract<FaultEffect, { kind: 'error' }>): StatusError {
  const { status, retryAfterSeconds } = effect;
  const usual: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  const reason = effect.reason ?? usual[status] ?? '';
  const message = effect.message ?? (status === 429 ? tooMany : `fault: ${reason || status}`);
  return new StatusError(
    status,
    reason,
    message,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
}

export function createFaults(store: Store, clock: Clock, random: Random): Faults {
  const faults = new Map<number, ActiveFault & { addedAt: number }>();
  const watches = new Map<Watch, CallInfo>();
  const changed = new Set<() => void>();
  let nextId = 1;

  const hit = <K extends FaultEffect['kind']>(
    call: CallInfo,
    kind: K,
    concerns: (effect: Extract<FaultEffect, { kind: K }>) => boolean = () => true,
  ): (Extract<FaultEffect, { kind: K }> & { addedAt: number }) | undefined => {
    for (const entry of faults.values()) {
      const { fault } = entry;
      const effect = fault.effect as Extract<FaultEffect, { kind: K }>;
      if (effect.kind !== kind || !matchesCall(fault.match, call) || !concerns(effect)) continue;
      if (fault.times !== undefined && entry.hits >= fault.times) continue;
      if (fault.probability < 1 && random.next() >= fault.probability) continue;
      entry.hits += 1;
      return { ...effect, addedAt: entry.addedAt };
    }
    return undefined;
  };
  const strike = (call: CallInfo, when: 'before' | 'after'): void => {
    if (hit(call, 'disconnect', (effect) => effect.when === when) !== undefined) throw new ConnectionLost();
    const error = hit(call, 'error', (effect) => effect.when === when);
    if (error !== undefined) throw statusError(error);
  };
  const announce = (): void => {
    for (const listener of [...changed]) listener();
  };
  const remove = (id: number): boolean => {
    const removed = faults.delete(id);
    announce();
    return removed;
  };
  const frozen = (call: CallInfo): boolean =>
    [...faults.values()].some(
      ({ fault }) => fault.effect.kind === 'freezeWatch' && matchesCall(fault.match, call),
    );

  return {
    add(input) {
      const fault = faultSchema.parse(input);
      const id = nextId++;
      faults.set(id, { id, fault, hits: 0, addedAt: store.revision() });
      announce();
      return { id, remove: () => remove(id) };
    },
    remove,
    clear() {
      faults.clear();
      announce();
    },
    active: () => [...faults.values()].map(({ id, fault, hits }) => ({ id, fault, hits })),
    closeWatches(match = {}) {
      const chosen = [...watches].filter(([, call]) => matchesCall(match, call));
      for (const [watch] of chosen) watch.abort(new ConnectionLost());
      return chosen.length;
    },
    async before(call) {
      const latency = hit(call, 'latency');
      if (latency !== undefined) await sleep(clock, latency.ms + latency.jitterMs * random.next());
      strike(call, 'before');
    },
    async after(call) {
      strike(call, 'after');
    },
    staleRevision(call) {
      const stale = hit(call, 'stale');
      if (stale === undefined) return undefined;
      return Math.max(store.compacted(), Math.min(stale.resourceVersion ?? stale.addedAt, store.revision()));
    },
    gate(call) {
      let dead = false;
      let held: (() => void)[] = [];
      let opened: Watch | undefined;
      const look = (): void => {
        // Dead from the moment the fault is there, not from the next frame: it may be gone again by then.
        dead ||= hit(call, 'halfOpenWatch') !== undefined;
        if (dead || frozen(call)) return;
        const due = held;
        held = [];
        for (const deliver of due) deliver();
      };
      changed.add(look);
      look();
      return {
        offer(frame: WatchFrame, deliver: (frame: WatchFrame) => void) {
          if (dead) return;
          const { type } = frame;
          if (type !== 'BOOKMARK' && type !== 'ERROR') {
            if (hit(call, 'dropEvents', ({ types }) => types?.includes(type) ?? true) !== undefined) return;
          }
          if (frozen(call)) held.push(() => deliver(frame));
          else deliver(frame);
        },
        mayEnd: () => !dead && !frozen(call),
        opened(watch: Watch) {
          opened = watch;
          watches.set(watch, call);
        },
        closed() {
          changed.delete(look);
          if (opened !== undefined) watches.delete(opened);
        },
      };
    },
  };
}
