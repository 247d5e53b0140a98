import { TAG } from '../../../src/ec2/calls/port.ts';
import type { SignedDocument } from '../cloud/identity.ts';

/** An instance as what runs on it sees it. */
export interface Machine {
  readonly id: string;
  readonly type: string;
  readonly region: string;
  readonly zone: string;
  readonly imageID: string;
  readonly privateIP: string;
  readonly userData: string;
  /** Outlives reboots, and a restart of a cloud that is kept in a file; for runtimes that have no files. */
  readonly disk: Record<string, string>;
  /** 1 for the first boot; grows with each. */
  readonly boot: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it is a Spot instance, and EC2's notice that it takes it back; `time` as instance metadata has it, to the second. */
  readonly spot: boolean;
  interruption(): { action: string; time: string } | undefined;
  /** The instance identity document and its signature, as instance metadata serves them. */
  identity(): SignedDocument;
  writeConsole(text: string): void;
}

/**
 * Which instances a control is for: an instance id, NAMESPACE/NAME of a Workspace, or `*`. It also holds for
 * instances that come later, so that a control can be set before the launch that it is meant for.
 */
export type Target = string;

/** What people and tests do to what runs on instances. */
export interface AgentControls {
  /** A silent agent lives but says nothing, until it may again. */
  silence(target: Target, silent: boolean): void;
  /** A held instance runs but doesn't boot its agent until released. */
  hold(target: Target, held: boolean): void;
  /** Kills the agent where it is; nothing brings it back but the next boot. */
  crash(target: Target): void;
}

/** The programs on instances; the cloud reports every boot and end to it. */
export interface InstanceRuntime {
  readonly controls: AgentControls;
  /** The instance reached `running`. */
  boot(machine: Machine): void;
  /** It is shutting down or stopping: ask what runs there to end. */
  shutDown(instanceID: string): void;
  /** It is stopped or terminated: nothing of it may run any more. */
  powerOff(instanceID: string): void;
  /** It is terminated: its disk goes too. */
  discard(instanceID: string): void;
  /** Ends everything and waits for it. */
  close(): Promise<void>;
}

/** A set of targets that machines are matched against. */
export interface TargetSet {
  set(target: Target, on: boolean): void;
  has(machine: Pick<Machine, 'id' | 'tags'>): boolean;
}

export function createTargetSet(): TargetSet {
  const targets = new Set<Target>();
  return {
    set: (target, on) => void (on ? targets.add(target) : targets.delete(target)),
    has: (machine) => [...targets].some((target) => isTarget(target, machine)),
  };
}

export function isTarget(target: Target, machine: Pick<Machine, 'id' | 'tags'>): boolean {
  if (target === '*' || target === machine.id) return true;
  return target === `${machine.tags[TAG.namespace]}/${machine.tags[TAG.name]}`;
}
