import { namesOf } from '../base/table.ts';
import { REFUSALS, type Refusal } from './refusals.ts';

interface CommonTraits {
  /** When a launch has this cause; a sentence for docs/design.md. */
  when: string;
  /** Whether it may supersede a launch that still starts: the armed one, until its deadline or its first heartbeat. */
  supersedesStarting: boolean;
}

interface GenerationTraits extends CommonTraits {
  spends: 'generation';
  /**
   * The part of a running instance that the change outdates; a launch for it then waits for its turn in the class's roll-out.
   * Workspaces of a class may share the environment and the class's part of the machine, and never their own part.
   */
  outdates: 'nothing' | 'environment' | 'classMachine' | 'ownMachine';
}

interface RequestTraits extends CommonTraits {
  spends: 'request';
}

interface EndTraits extends CommonTraits {
  spends: 'end';
  /** `whenSeen`: in the launch that ended. `bySuccessor`: with the write that opens the next launch, which ends the instance. */
  recorded: 'whenSeen' | 'bySuccessor';
  /** Whether it counts as a failure: the pause before the next launch grows with each in a row. */
  failure: boolean;
  /** Whether a launch that ended so before it was ever Ready speaks against the content that it was made for. */
  blamesContent: boolean;
  /** Whether the launch had no instance, so that its successor is there for what it was for. */
  neverRan: boolean;
}

const GENERATIONS = {
  Created: {
    spends: 'generation',
    when: 'The first launch of the Workspace.',
    outdates: 'nothing',
    supersedesStarting: false,
  },
  SecretChanged: {
    spends: 'generation',
    when: 'A Secret of `spec.envFrom` changed what the environment holds.',
    outdates: 'environment',
    supersedesStarting: false,
  },
  EnvChanged: {
    spends: 'generation',
    when: '`spec.env` alone changed what the environment holds.',
    outdates: 'environment',
    supersedesStarting: false,
  },
  SpecChanged: {
    spends: 'generation',
    when: 'The Workspace asks for another machine.',
    outdates: 'ownMachine',
    supersedesStarting: false,
  },
  ClassChanged: {
    spends: 'generation',
    when: 'The class asks for another machine.',
    outdates: 'classMachine',
    supersedesStarting: false,
  },
} as const satisfies Record<string, GenerationTraits>;

const REQUESTS = {
  Restart: {
    spends: 'request',
    when: 'A person set `spec.requests.restart` to a new value.',
    supersedesStarting: true,
  },
} as const satisfies Record<string, RequestTraits>;

const ENDS = {
  Ended: {
    spends: 'end',
    when: 'EC2 says that the instance ended.',
    supersedesStarting: false,
    recorded: 'whenSeen',
    failure: true,
    blamesContent: true,
    neverRan: false,
  },
  Interrupted: {
    spends: 'end',
    when: 'EC2 took the Spot instance back.',
    supersedesStarting: false,
    recorded: 'whenSeen',
    failure: false,
    blamesContent: false,
    neverRan: false,
  },
  TimedOut: {
    spends: 'end',
    when: 'No heartbeat came by the deadline.',
    supersedesStarting: false,
    recorded: 'bySuccessor',
    failure: true,
    blamesContent: true,
    neverRan: false,
  },
  HeartbeatLost: {
    spends: 'end',
    when: 'The instance sent heartbeats and fell silent.',
    supersedesStarting: false,
    recorded: 'bySuccessor',
    failure: true,
    blamesContent: false,
    neverRan: false,
  },
  Impaired: {
    spends: 'end',
    when: 'The instance fell silent, and EC2’s status checks of it fail.',
    supersedesStarting: false,
    recorded: 'bySuccessor',
    failure: true,
    blamesContent: false,
    neverRan: false,
  },
  Lost: {
    spends: 'end',
    when: 'EC2 does not know the instance any more, or never showed one for the launch.',
    supersedesStarting: false,
    recorded: 'whenSeen',
    failure: true,
    blamesContent: true,
    neverRan: false,
  },
  Refused: {
    spends: 'end',
    when: 'EC2 refused the launch. A refusal for lack of capacity or for a quota is no failure: another offering is asked for at once.',
    supersedesStarting: false,
    recorded: 'whenSeen',
    failure: true,
    blamesContent: false,
    neverRan: true,
  },
} as const satisfies Record<string, EndTraits>;

/**
 * The causes of launches. Each spends one thing, at most once (docs/design.md, the ledger). The CRD's enum, the
 * descriptions, the documents and every rule that tells causes apart come from this table.
 */
export const CAUSES = { ...GENERATIONS, ...REQUESTS, ...ENDS };

export type CauseKind = keyof typeof CAUSES;
/** How a launch can end other than by the operator's decision; the cause of the launch that follows has the same name. */
export type EndKind = keyof typeof ENDS;
export type CauseTraits = GenerationTraits | RequestTraits | EndTraits;

export const CAUSE_KINDS = namesOf(CAUSES);
const END_KINDS = namesOf(ENDS);

export function traitsOf(kind: CauseKind): CauseTraits {
  return CAUSES[kind];
}

export function isEnd(kind: CauseKind | Outcome): kind is EndKind {
  return Object.hasOwn(ENDS, kind);
}

/** The part of a running instance that the change outdates; undefined where the cause is no change. */
export function outdatedBy(kind: CauseKind): Exclude<GenerationTraits['outdates'], 'nothing'> | undefined {
  const traits = traitsOf(kind);
  return traits.spends === 'generation' && traits.outdates !== 'nothing' ? traits.outdates : undefined;
}

/** Whether a launch for it replaces an earlier one. */
export function isRestart(kind: CauseKind): boolean {
  const traits = traitsOf(kind);
  return traits.spends !== 'generation' || traits.outdates !== 'nothing';
}

/** Whether the launch before never had an instance, so that the one for this end is there for what that one was for. */
export function isStandIn(kind: CauseKind): boolean {
  return isEnd(kind) && ENDS[kind].neverRan;
}

/** Ends of the operator's own doing, which no launch spends. */
const DECIDED_ENDS = ['Superseded', 'Deleted', 'Closed', 'Stopped'] as const;

export const OUTCOMES = [...DECIDED_ENDS, ...END_KINDS];
export type Outcome = (typeof OUTCOMES)[number];

/** What `cause.ref` names, by what is spent. */
export const SPENT = {
  generation: { ref: 'the desired generation', what: 'a generation' },
  request: { ref: 'the request’s value', what: 'a request' },
  end: { ref: 'the number of the launch that ended', what: 'the recorded end of an earlier launch' },
} as const satisfies Record<CauseTraits['spends'], { ref: string; what: string }>;

export function kindsThatSpend(what: CauseTraits['spends']): CauseKind[] {
  return CAUSE_KINDS.filter((kind) => CAUSES[kind].spends === what);
}

/** Whether the pause before the next launch grows by this end. */
export function isFailure({
  outcome,
  refusal,
}: {
  outcome: Outcome;
  refusal?: Refusal | undefined;
}): boolean {
  if (refusal !== undefined) return REFUSALS[refusal].failure;
  return !isEnd(outcome) || ENDS[outcome].failure;
}

/** Whether a launch that ended so and was never Ready speaks against the content that it was made for. */
export function blamesContent(outcome: Outcome): boolean {
  return isEnd(outcome) && ENDS[outcome].blamesContent;
}

/** Ends that are on record only with the launch that spends them. */
export function isRecordedBySuccessor(kind: CauseKind | Outcome): kind is EndKind {
  return isEnd(kind) && ENDS[kind].recorded === 'bySuccessor';
}
