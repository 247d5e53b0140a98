import type { DigestKey, LeftOut } from '../../../api/environment/environment.ts';
import { type MonoMs, plus } from '../../../controller/lib/time.ts';
import type { EnvironmentFact } from '../decide/facts/facts.ts';
import type {
  DeadlineFact,
  EndFact,
  FinalizerRefusal,
  LaunchAnswer,
  PendingChange,
  SilenceFact,
  ValidationFact,
} from '../decide/facts/processFacts.ts';
import { createDryRuns, type DryRuns } from './dryRuns.ts';

/** An environment by digests of its variables, so that what changed can be named; no values. */
export interface EnvironmentContent {
  /** Digest of each variable. */
  variables: ReadonlyMap<string, string>;
  /** Where each variable comes from, as people read it. */
  sources: ReadonlyMap<string, string>;
  /** Those that spec.env sets. */
  plain: ReadonlySet<string>;
}

/** The environment as it was last read. */
export interface EnvironmentReading extends EnvironmentContent {
  /** Names the versions of everything that it was merged from. */
  version: string;
  /** Digest under each key that was asked for. */
  digests: Record<string, string>;
  /** See EnvironmentFact. */
  content: string;
  leftOut: readonly LeftOut[];
}

/** This process's memory of one Workspace. Losing it costs time, never correctness. */
export interface WorkspaceMemory {
  uid: string;
  /** When this process first looked: of sends before it nothing is known. */
  since?: MonoMs;
  /** The term in which this process last wrote the status itself. */
  wroteInTerm?: string;
  /** The class that it was in when it was last looked at, in that term. */
  seenClass?: { termID: string; className: string };
  /** Highest resourceVersion seen. */
  version?: bigint;
  /** The resourceVersion went back: since when. */
  rolledBackAt?: MonoMs;
  suspectSince?: MonoMs;
  sends?: { number: number; count: number; lastAt: MonoMs };
  answer?: LaunchAnswer;
  change?: PendingChange;
  silence?: SilenceFact | undefined;
  deadline?: DeadlineFact | undefined;
  ended?: EndFact | undefined;
  /** The content when the recorded digest last matched: the base that changes are named against. */
  base?: EnvironmentContent;
  /** The content that is pending; it becomes the base when its digest is recorded. */
  candidate?: { env: string; content: EnvironmentContent };
  environment?: EnvironmentReading;
  /** The fact that was found instead of an environment, for the same version. */
  unusable?: { version: string; fact: Extract<EnvironmentFact, { kind: 'Unusable' }> } | undefined;
  /** Keys that the API server said it does not have; the oldest goes first. */
  goneKeys?: Set<string>;
  /** How often it was asked for keys lately. */
  keyQuestions?: { since: MonoMs; count: number };
  /** The key for digests of single variables; it never leaves this process. */
  namingKey?: DigestKey;
  terminateSentAt: Record<string, MonoMs>;
  terminateRefusals: Record<string, string>;
  /** The API server refuses to have the finalizer added or removed. */
  finalizerRefusal?: FinalizerRefusal | undefined;
  powerSentAt: Record<string, MonoMs>;
  powerAnswers: Record<string, string>;
  console: Record<string, string>;
}

export interface Memory {
  of(key: string, uid: string): WorkspaceMemory;
  /** Returns the uid that was known under the key. */
  forget(key: string): string | undefined;
  readonly dryRuns: DryRuns;
  /** Dry runs' verdicts, shared by all Workspaces; refusals also past their expiry. */
  validations(mono: MonoMs): readonly ValidationFact[];
  validate(fact: ValidationFact): void;
}

/** A refusal outlives its expiry until a launch tries again; this much later none will, ms. */
const KEEP_REFUSED_MS = 3_600_000;

/** Drops what is remembered of instances other than these; each launch would leave a little for ever. */
export function forgetInstances(mine: WorkspaceMemory, known: ReadonlySet<string>): void {
  for (const record of [
    mine.terminateSentAt,
    mine.terminateRefusals,
    mine.powerSentAt,
    mine.powerAnswers,
    mine.console,
  ]) {
    for (const key of Object.keys(record)) {
      if (!known.has(key.split(' ').at(-1) ?? key)) Reflect.deleteProperty(record, key);
    }
  }
}

export function createMemory(): Memory {
  const byKey = new Map<string, WorkspaceMemory>();
  const validations = new Map<string, ValidationFact>();
  return {
    dryRuns: createDryRuns(),
    of(key, uid) {
      const known = byKey.get(key);
      if (known?.uid === uid) return known;
      const fresh: WorkspaceMemory = {
        uid,
        terminateSentAt: {},
        terminateRefusals: {},
        powerSentAt: {},
        powerAnswers: {},
        console: {},
      };
      byKey.set(key, fresh);
      return fresh;
    },
    forget(key) {
      const uid = byKey.get(key)?.uid;
      byKey.delete(key);
      return uid;
    },
    validations(mono) {
      for (const [print, { verdict, expiresAt }] of validations) {
        if (plus(expiresAt, verdict.ok ? 0 : KEEP_REFUSED_MS) <= mono) validations.delete(print);
      }
      return [...validations.values()];
    },
    validate: (fact) => void validations.set(fact.fingerprint, fact),
  };
}
