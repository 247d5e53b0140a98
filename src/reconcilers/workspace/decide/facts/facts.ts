import type { LeftOut } from '../../../../api/environment/environment.ts';
import type { LaunchParams, Workspace } from '../../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../../api/kinds/workspaceClass.ts';
import type { MonoMs, WallMs } from '../../../../controller/lib/time.ts';
import type { HaltFact } from './haltFact.ts';
import type { HeartbeatFact } from './heartbeatFact.ts';
import type { RefusedFact } from './offeringFacts.ts';
import type { ProcessFact } from './processFacts.ts';
import type { MoveFact, RoomFact } from './roomFacts.ts';

export type { HeartbeatFact };

/** The moment a decision is made in. Wall time stamps the status; safety is measured in monotonic time. */
export interface Now {
  wall: WallMs;
  mono: MonoMs;
}

export type UnusableReason = 'EnvironmentTooLarge' | 'SecretRefused';

/** The environment that the Secrets hold now. */
export type EnvironmentFact =
  | {
      kind: 'Merged';
      /** Digest of the content under each key that matters, by key id. */
      digests: Readonly<Record<string, string>>;
      /** A digest that is the same in all namespaces, and never leaves this process but sealed; see fleet/contentNames.ts. */
      content?: string;
      /** Id of the key that a new digest is made with. */
      currentKey: string;
      /** Lost keys that a digest on record names: no digest can be compared under them. */
      lostKeys?: readonly string[];
      /** Variables that the instance does not get. */
      leftOut: readonly LeftOut[];
    }
  | { kind: 'Missing'; secrets: readonly string[] }
  /** The Secrets hold something that must not reach an instance; `message` says what to do. */
  | { kind: 'Unusable'; reason: UnusableReason; message: string }
  /** Not read on purpose: no class lets the Workspace have an instance. */
  | { kind: 'Unread' }
  /** The Secrets could not be read just now; nothing follows from that. */
  | { kind: 'Unknown' };

export interface InstanceFact {
  id: string;
  number: number;
  generation: number;
  clientToken?: string;
  state: string;
  type: string;
  zone: string;
  imageID?: string;
  capacityType?: 'OnDemand' | 'Spot';
  subnetID?: string;
  securityGroupIDs?: readonly string[];
  /** '' when it has none. */
  instanceProfile?: string;
  privateIP?: string;
  launchTime?: string;
  /** EC2's code for it, and what it said. */
  stateReasonCode?: string;
  stateReason?: string;
  /** Look-ups by id that said NotFound, with no sighting in between: the first and the last. */
  notFound?: { firstAt: MonoMs; lastAt: MonoMs };
  /** Keys of our tags that it lacks, or whose values differ; only for instances on record. */
  missingTags?: readonly string[];
  /** The last complete sweep lacked it. */
  missing: boolean;
  /** EC2's status checks of it have failed in every reading since then: its own, or those of what it runs on. */
  impaired?: { kind: 'instance' | 'system'; since: MonoMs };
}

export type ResolutionFact =
  | {
      ok: true;
      images: readonly { id: string; architecture: string; rootDeviceName: string }[];
      subnets: readonly { id: string; zone: string }[];
      securityGroupIDs: readonly string[];
    }
  | { ok: false; kind: 'missing' | 'unavailable'; message: string };

/** Intervals of the protocol, in ms; see docs/configuration.md. */
export interface Timing {
  lateMs: number;
  visibilityMs: number;
  repairBackoffMinMs: number;
  repairBackoffMaxMs: number;
  replayBackoffMinMs: number;
  replayBackoffMaxMs: number;
  terminateRetryMs: number;
  /** Age of a launch past which a replay is not trusted to be remembered by EC2. */
  replayMaxAgeMs: number;
  /** How long one second of a class's `…Seconds` field lasts; 1000 except in scaled tests. */
  secondMs: number;
}

/** The source of the user data of a launch armed now, or why there is none. */
export type UserDataFact =
  | { ok: true; source: LaunchParams['userData'] }
  | { ok: false; kind: 'invalid' | 'unavailable'; message: string };

/** Some content, as far as the other Workspaces of the class have to do with it. */
export interface ContentFact {
  /** The name by which it is compared with others; without it, as in status. */
  name?: string;
  /** Whether any of them is Ready with it. */
  proven: boolean;
  /** One that was replaced for it and has yet to become Ready. */
  trying?: string;
  /** How many were replaced for it and failed again and again. */
  failing: number;
}

/** Sums over the other Workspaces of the class, for budgets and limits. */
export interface FleetFact {
  /** Workspaces that count for the budget, this one included. */
  counted: number;
  /** Others of them that don't serve, or are about to be replaced, and hold a slot. */
  unavailable: number;
  halt?: HaltFact | undefined;
  /** Others that wait for a slot, and how many of them before this one. */
  waiting: number;
  ahead: number;
  /** How long a replacement takes, ms; undefined before one ended. */
  meanMs?: number;
  room: RoomFact;
  /** By the content as status has it: each content that this one could be replaced for just now. */
  contents: Readonly<Record<string, ContentFact>>;
}

/** Its turn at the bucket that it asked for: now, or in about `inMs`, after the others ahead of it. */
export interface LineFact {
  inMs: number;
  ahead: number;
}

/** Everything that a decision may depend on, gathered by observe. */
export interface Facts {
  clusterID: string;
  workspace: Workspace;
  /** The class that the Workspace is in; see api/room.ts. */
  class?: WorkspaceClass;
  move?: MoveFact | undefined;
  /** Whether the class lets this namespace use it. */
  classAllowed: boolean;
  /** Whether the parameters of the launch on record carry our MAC: others are never sent. */
  paramsAuthentic: boolean;
  environment: EnvironmentFact;
  /** Names of the contents that the class's `halted` shows sealed, by what it shows. */
  haltNames?: Readonly<Record<string, string>>;
  fleet: FleetFact;
  /** Digest of the machine that is asked for, see asked.ts; undefined without a class. */
  machine?: string;
  /** Digest of the specs as they are, which a launch that is opened now is made for; by default `machine`. */
  machineOfNext?: string;
  resolution?: ResolutionFact;
  /** EC2's recent refusals; see ec2/offerings.ts. */
  refused: readonly RefusedFact[];
  instances: readonly InstanceFact[];
  /** Begin of the last complete sweep. */
  sweptAt?: MonoMs;
  heartbeats: {
    available: boolean;
    /** Since when it has been available without a break, as far as this process knows. */
    since?: MonoMs;
    /** More of the class fell silent within one timeout than can be blamed on them: evidence on silence is missing. */
    massSilence: boolean;
    launches: readonly HeartbeatFact[];
  };
  /** Live instances that earlier Workspaces of this name launched; undefined before the first look. */
  earlier?: readonly { id: string; uid: string; heartbeats: boolean }[] | undefined;
  process: ProcessFact;
  /** Absent until a decision asks for one. */
  line?: LineFact | undefined;
  timing: Timing;
  userData: UserDataFact;
}
