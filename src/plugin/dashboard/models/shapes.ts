/** What the server sends to the page, as JSON. Every text in it may have been written by a tenant: the page shows it as text alone. */

export type Availability = 'Ready' | 'Restarting' | 'Unknown' | 'Dead';

/** One Workspace in the list. */
export interface Row {
  /** `namespace/name` */
  key: string;
  namespace: string;
  name: string;
  className: string;
  /** As the operator's conditions judge it. */
  availability: Availability;
  /** EC2's own word for the instance's state; empty without an instance. */
  state: string;
  instance: string;
  /** The reason of Ready, or of UpToDate where Ready is True. */
  reason: string;
  /** Since when, ISO; empty where not known. */
  since: string;
  desired: number;
  launched: number;
  provisions: number;
  /** Whether the launches on record spend one thing twice. */
  isViolated: boolean;
}

/** What a Workspace waits for. */
export interface Wait {
  key: string;
  /** What waits. */
  what: string;
  /** For what. */
  on: string;
  /** When it ends at the latest, or is expected to, ISO; empty where not known. */
  until: string;
}

export interface ClassRow {
  name: string;
  total: number;
  current: number;
  updating: number;
  failing: number;
  /** The reason of RolloutComplete. */
  rollout: string;
  message: string;
  /** Workspaces replaced, of how many; 0 of 0 without a roll-out. */
  updated: number;
  toUpdate: number;
  ends: string;
  halted: string[];
}

/** One thing that happened. */
export interface Entry {
  /** ISO. */
  at: string;
  kind: 'ask' | 'change' | 'wait' | 'launch' | 'ready' | 'heartbeat' | 'end' | 'trouble' | 'other';
  title: string;
  text: string;
  /** Who did it, where known. */
  who: string;
  /** How often, where more than once. */
  times: number;
}

/** One launch, what it spent, and what became of it. */
export interface Launch {
  number: number;
  cause: string;
  instance: string;
  readyAt: string;
  outcome: string;
  endedAt: string;
}

export interface Detail {
  row: Row;
  message: string;
  /** What a person does about it; empty where all is well. */
  todo: string;
  next: string;
  verdict: { isGood: boolean; text: string };
  launches: Launch[];
  waits: Wait[];
  timeline: Entry[];
  /** Why events are missing from the timeline; empty where they aren't. */
  eventsMissing: string;
}

/** One message of the stream: what changed since the one before, or everything with `isWhole`. */
export interface Update {
  isWhole: boolean;
  rows: Row[];
  gone: string[];
  waits: Wait[];
  classes: ClassRow[];
  /** What can't be seen now, and why. */
  troubles: string[];
  /** What is looked at, such as a namespace. */
  scope: string;
}
