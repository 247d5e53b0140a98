import type { ImpairedCheck } from '../../../src/ec2/calls/port.ts';
import { interruptSpot } from '../actions/interrupt.ts';
import { endSpontaneously } from '../actions/power.ts';
import { CloudError } from '../base/errors.ts';
import type { Facts, InstanceRecord, StateReason } from '../base/model.ts';
import type { CapacityRule } from '../cloud/capacity.ts';
import type { Cloud } from '../cloud/state.ts';

/** How a caller is left without an answer: its connection is reset, or nothing ever comes. */
export type Cut = 'reset' | 'hang';

/** What goes wrong with one request. All times in ms. */
export type Fault =
  /** Never carried out. */
  | { kind: 'lostRequest'; how: Cut }
  /** Carried out; the answer is lost. */
  | { kind: 'lostResponse'; how: Cut }
  /** Carried out `afterMs` after the caller was reset, or, hanging, gave up. */
  | { kind: 'late'; how: Cut; afterMs: number }
  /** Carried out at once, answered `ms` later. */
  | { kind: 'delayedAnswer'; ms: number }
  /** Carried out `ms` later. Joins with another fault of the same request. */
  | { kind: 'latency'; ms: number }
  /** Refused with an AWS error; not carried out. */
  | { kind: 'error'; code: string; message?: string };

export interface Call {
  action: string;
  dryRun: boolean;
  facts: Facts;
}

export interface FaultRule {
  /** An action's name, or `*`. */
  action: string;
  fault: Fault;
  /** How many requests it hits; by default 1. Infinity until removed. */
  times?: number;
  /** All must hold, e.g. {"tag:compute.molecule.ai/name": "ada"}. */
  match?: Readonly<Record<string, string>>;
  /** By default real calls only: a dry run must not use up the fault that was meant for the launch. */
  dryRun?: boolean;
}

export interface ArmedRule extends FaultRule {
  id: number;
  left: number;
}

export interface Faults {
  /** Rules are tried in the order in which they were added. @returns the rule's id. */
  add(rule: FaultRule): number;
  remove(id: number): void;
  /** Removes all rules, capacity limits and freezes; events come as they should. */
  clear(): void;
  rules(): readonly ArmedRule[];
  /** Takes the faults that this request meets: at most one, and latencies. */
  take(call: Call): { latencyMs: number; fault: Fault | undefined };
  capacity(rule: CapacityRule): void;
  /** Nothing leaves `pending` until thawed. */
  freezePending(frozen: boolean): void;
  /** The instance ends without a call; by default as if its own system shut down. */
  end(instanceID: string, reason?: StateReason): void;
  /** EC2 takes a running Spot instance back: the instance gets its notice now, and ends after `timings.interruptionNotice`. A second notice changes nothing. */
  interrupt(instanceID: string): void;
  /** Describe answers lack the instance for a while. */
  hide(instanceID: string, ms: number): void;
  /** A status check fails, or all pass again. */
  impair(instanceID: string, impaired: ImpairedCheck | false): void;
}

const SHUT_DOWN: StateReason = {
  code: 'Client.InstanceInitiatedShutdown',
  message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
};

export function createFaults(cloud: Cloud): Faults {
  let rules: ArmedRule[] = [];
  let lastID = 0;

  const spend = (rule: ArmedRule): Fault => {
    rule.left -= 1;
    if (rule.left <= 0) rules = rules.filter((other) => other !== rule);
    return rule.fault;
  };
  const find = (id: string): InstanceRecord => {
    const instance = cloud.instances.get(id);
    if (instance !== undefined) return instance;
    throw new CloudError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
  };

  return {
    add(rule) {
      lastID += 1;
      rules.push({ ...rule, id: lastID, left: rule.times ?? 1 });
      return lastID;
    },
    remove(id) {
      rules = rules.filter((rule) => rule.id !== id);
    },
    clear() {
      rules = [];
      cloud.capacity.clear();
      cloud.lifecycle.freezePending(false);
      cloud.events.deliver(() => [0]);
    },
    rules: () => rules,
    take(call) {
      const hit = rules.filter((rule) => meets(rule, call));
      let latencyMs = 0;
      for (const rule of hit) if (rule.fault.kind === 'latency') latencyMs += rule.fault.ms;
      for (const rule of hit) if (rule.fault.kind === 'latency') spend(rule);
      const other = hit.find((rule) => rule.fault.kind !== 'latency');
      return { latencyMs, fault: other && spend(other) };
    },
    capacity: (rule) => cloud.capacity.set(rule),
    freezePending: (frozen) => cloud.lifecycle.freezePending(frozen),
    end: (id, reason = SHUT_DOWN) => endSpontaneously(cloud, id, reason),
    interrupt: (id) => interruptSpot(cloud, find(id)),
    hide(id, ms) {
      find(id).hiddenUntil = cloud.clock.monotonic() + ms;
    },
    impair(id, impaired) {
      find(id).impaired = impaired;
    },
  };
}

function meets(rule: FaultRule, call: Call): boolean {
  if (rule.action !== '*' && rule.action !== call.action) return false;
  if ((rule.dryRun ?? false) !== call.dryRun) return false;
  return Object.entries(rule.match ?? {}).every(
    ([fact, value]) => call.facts[fact]?.includes(value) ?? false,
  );
}
