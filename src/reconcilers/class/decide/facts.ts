import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { ClassReason } from '../../../api/reasons/classReasons.ts';
import type { ClassWideReason } from '../../../api/reasons/reasons.ts';

/** A class's terms as EC2 has them. */
export type ClassResolution =
  | {
      ok: true;
      images: readonly { architecture: string; id: string }[];
      securityGroupIDs: readonly string[];
      /** The groups that each term selects, in the spec's order. */
      groupsByTerm?: readonly (readonly string[])[];
    }
  /** missing: a person must fix it. unavailable: EC2 could not be asked, and nothing follows from that. */
  | { ok: false; kind: 'missing' | 'unavailable'; message: string };

export interface ClassContent {
  name: string;
  /** Whether any Workspace is Ready with it. */
  proven: boolean;
  /** How many were replaced for it and failed again and again, since a person last resumed. */
  failing: number;
  /** Namespace and name of one of them, and in our words how it failed. */
  by?: string | undefined;
  message: string;
  /** Workspaces that serve and would be replaced for it. */
  waiting: number;
}

/** The Workspaces that were taken down and don't come back, as a class's status shows them. */
export interface StuckSummary {
  /** Those that EC2 refuses. */
  refused: { count: number; example?: string | undefined };
  /** The first namespaces that are halted, each with one that failed. */
  namespaces: readonly { namespace: string; example: string }[];
  /** Workspaces of two namespaces that failed, each with what it alone brings. */
  failedApart?: readonly string[] | undefined;
  /** Whether nothing is left to roll out but in namespaces that are halted. */
  isAllHalted: boolean;
}

/** Sums over the class's Workspaces. */
export interface FleetSummary {
  counts: { total: number; current: number; updating: number; failing: number };
  /** How many have a change yet to be carried out, or being carried out. */
  rolling: number;
  /** When the first of these changes counted, wall ms. */
  dueSince?: number;
  /** How many of these are being replaced, or are otherwise down, and how many may be. */
  unavailable: number;
  limit: number;
  /** How many replacements that ended well began at this moment or later, wall ms. */
  replacedSince: (at: number) => number;
  /** How long a replacement takes, ms; undefined before one ended. */
  meanMs?: number;
  /** Contents that failed and that others wait for, or that are on record as halted. */
  contents: readonly ClassContent[];
  /** Those that were taken down and don't come back. */
  stuck: StuckSummary;
  /** Workspaces by what keeps them from launching, as far as it is the class's matter. */
  blocked: readonly { reason: ClassWideReason; count: number; example: string }[];
}

/** Whether this process can judge the class's Workspaces just now. */
export interface EvidenceSummary {
  heartbeats: EvidenceVerdict;
  cloud: CloudVerdict;
}

/** Whether silence means something in a class, and if not, why. */
export type EvidenceVerdict =
  | { reason: Exclude<ClassReason<'EvidenceAvailable'>, 'MassSilence'> }
  | { reason: 'MassSilence'; silent: number; expected: number };

/** Whether this process sees what there is in EC2. */
export type CloudVerdict =
  | { reason: 'Available' }
  | { reason: Exclude<ClassReason<'CloudAvailable'>, 'Available'>; code?: string };

export interface ClassFacts {
  klass: WorkspaceClass;
  fleet: FleetSummary;
  evidence: EvidenceSummary;
  /** Undefined while its terms are not resolved yet: the record of them stays. */
  resolution?: ClassResolution | undefined;
  /** Since when this process has not written this status, monotonic ms; undefined if it never has. */
  wroteAt?: number;
  timing: ClassTiming;
}

/** In ms. */
export interface ClassTiming {
  /** How often a class's terms are looked up again. */
  resolveIntervalMs: number;
  /** Counts and progress are written at most this often. */
  statusIntervalMs: number;
}

/** The moment a decision is made in, in milliseconds. */
export interface ClassNow {
  wall: number;
  mono: number;
}
