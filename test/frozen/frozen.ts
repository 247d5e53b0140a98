import type { Dump } from '../../dev/apiserver/storage/store.ts';
import type { InstanceRecord } from '../../dev/ec2/base/model.ts';
import type { CapacityRule } from '../../dev/ec2/cloud/capacity.ts';
import type { FaultRule } from '../../dev/ec2/exchange/faults.ts';
import type { RowsOnRecord } from './rows.ts';

/**
 * Everything that outlives the operator's process, at one moment, as one release wrote it; and what has to become of it
 * under any later release. Files of this form are never edited: they are what is in clusters.
 */
export interface Frozen {
  about: string;
  /** When, on both clocks, ms; monotonic times of instances are by the second. */
  savedAt: { wall: number; monotonic: number };
  /** The API server's objects but for definitions, events and roles. */
  objects: Dump;
  sequence: number;
  instances: FrozenInstance[];
  /** Bodies of RunInstances as they were sent, one a token. */
  requests: FrozenRequest[];
  rows: RowsOnRecord;
  /** Agents that heartbeat, with what they hold. */
  agents: FrozenAgent[];
  conditions: Conditions;
  course: Step[];
}

/** Without its user data, which is in its request. */
export type FrozenInstance = Omit<InstanceRecord, 'userData'>;

export interface FrozenRequest {
  clientToken: string;
  /** The form of EC2's Query protocol, byte by byte. */
  body: string;
}

export interface FrozenAgent {
  instanceID: string;
  seq: number;
  digest: string;
  environment: Readonly<Record<string, string>>;
}

/** What is wrong with the world, until it is lifted. */
export interface Conditions {
  capacity?: readonly CapacityRule[];
  /** Of every matching request. */
  faults?: readonly Pick<FaultRule, 'action' | 'fault' | 'match'>[];
  /** Agents that say nothing, and those that don't even boot: instance ids, or NAMESPACE/NAME. */
  silent?: readonly string[];
  held?: readonly string[];
}

/** Something that people or the world do. */
export type Deed =
  | { create: Manifest }
  | { patch: 'Workspace' | 'WorkspaceClass' | 'Secret'; name: string; with: Record<string, unknown> }
  | { delete: string }
  /** Replaces all earlier ones. */
  | { conditions: Conditions };

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  [field: string]: unknown;
}

/** A while in the life of a later operator, and what it must come to. */
export interface Step {
  about: string;
  deeds?: Deed[];
  seconds: number;
  /** New instances by Workspace; of all others none. */
  provisions?: Record<string, number>;
  /** What Ready says in the end, by Workspace: `Ready`, its reason otherwise, `gone` without the object. */
  ends: Record<string, string>;
  /** Workspaces whose launch in doubt is sent again, byte by byte. */
  replays?: string[];
  /** No Workspace and no class is written. */
  quiet?: true;
}
