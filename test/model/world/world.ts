import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import type { Refusal } from '../../../src/api/reasons/refusals.ts';
import type { ProcessFact } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import type { Effect } from '../../../src/reconcilers/workspace/decide/facts/view.ts';
import type { Plain } from '../../support/base/moments.ts';
import type { Heard, Quota } from './heard.ts';
import { NOW } from './timing.ts';

type State = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** An instance as EC2 truly has it, and what the gateway knows of it. Names that end in At or Since are times in ms. */
export interface TrueInstance {
  number: number;
  state: State;
  /** Names the parameters that its token is bound to. */
  asked: number;
  /** While it is so young that a sweep may lack it. */
  bornAt?: number;
  /** Since when EC2 does not show it although it is there. */
  hiddenSince?: number;
  /** Counter of boots on its disk. */
  boot: number;
  /** The content that this boot was served. */
  held?: number;
  /** The gateway's row: what was served before the first heartbeat, what the last one said afterwards. */
  row?: { boot?: number; env: number; fresh: boolean };
}

/** A version of the Workspace, as the API server keeps it. */
export interface Version {
  status?: WorkspaceStatus;
  restart: string;
  stopped: boolean;
  deleting: boolean;
  finalizer: boolean;
  paused: boolean;
  /** Which of the class's types it asks for, and which class. */
  type: number;
  klass: number;
}

/** A pass of a former leader, still under way: its write, which only the version that it knew lets in, then its effect. */
export interface StalePass {
  write?: WorkspaceStatus;
  effect?: Effect;
  lostAt: number;
}

/** A request that no caller waits for any more, and that may still land. */
export interface Flight {
  kind: 'run' | 'end' | 'stop' | 'start';
  number: number;
  sentAt: number;
  /** Of a `run`: names its parameters. */
  asked?: number;
}

export interface Sight {
  number: number;
  state: State | 'Unknown';
  /** Look-ups that did not find it: the first and the last. */
  firstAt?: number;
  lastAt?: number;
}

/** What was sent for an instance, and whether its console was read. */
export interface Sent {
  number: number;
  endAt?: number;
  stopAt?: number;
  startAt?: number;
  console?: boolean;
}

/** The controller process; another leader begins without any of it. */
export interface Process {
  epoch: number;
  termAt: number;
  wrote: boolean;
  sends?: { number: number; count: number; lastAt: number };
  answer?: Plain<NonNullable<ProcessFact['answer']>>;
  sweptAt?: number;
  view: readonly Sight[];
  sent: readonly Sent[];
  suspectSince?: number;
  /** Of what EC2 refuses. */
  heard: readonly Heard[];
  /** Since when the present launch, which was heard, is not. */
  silence?: Plain<NonNullable<ProcessFact['silence']>>;
  rolledBack: boolean;
  /** What a lagging informer holds; without it the newest version. */
  lagging?: Version;
}

/** How often each may still happen; they bound the search. */
export interface Budget {
  ticks: number;
  /** Another process takes the lease, or the same begins again; what the old one was about to do arrives late, or never. */
  takeovers: number;
  /** Requests whose answer is lost, that arrive late, twice or never. */
  losses: number;
  refusals: number;
  edits: number;
  /** Another class or type: only a new instance can take it up. */
  machines: number;
  restarts: number;
  /** Turns of operatingMode. */
  flips: number;
  deletions: number;
  /** Instances that end on their own. */
  ends: number;
  /** Instances that somebody else stops. */
  halts: number;
  /** Instances that EC2 doesn't show for less than T_vis; ended ones it forgets. */
  hidings: number;
  /** Heartbeats that stop, and come again. */
  silences: number;
  /** The gateway or its database goes away, and comes back. */
  outages: number;
  wipes: number;
  /** A backup is taken at any moment, and put back at any later one. */
  restores: number;
  /** Others stand before this one in line at EC2, or AWS asks everybody to pause. */
  queues: number;
  /** Launches that AWS answers with "too fast". */
  throttles: number;
  /** Turns of spec.paused. */
  pauses: number;
  /** Edits of spec.instanceType, and of spec.className. */
  types: number;
  moves: number;
  /** All that the class offers is known to have no room for a while. */
  lacks: number;
  /** Quotas that become full. */
  quotas: number;
  /** Another Workspace takes the room that a class has. */
  crowds: number;
  /** The key that launches are signed with is lost. */
  keys: number;
  /** An earlier release writes the status, without what it does not know. */
  downgrades: number;
}

/** What stays as it is for a whole search. */
export interface Terms {
  stopBehavior: 'Stop' | 'Terminate';
  replayMaxAgeMs?: number;
  /** How the status goes back: with its version, as from a backup of etcd, or as if somebody had written the old one again. */
  restoring: 'seen' | 'unseen';
  /** Instances that each class may have. */
  maxInstances?: number;
  /** Quotas that may become full; where there are any, the class has offerings in several. */
  quotas: readonly Quota[];
  /** What EC2 refuses for; for what a person must fix without a look at the token. */
  refusal: Refusal;
  /** Launch numbers above this one are not followed. */
  mostLaunches: number;
  /** Requests may land later than T_late, and EC2 may hide for longer than T_vis, which the protocol does not claim to survive. */
  overdue: boolean;
  /** A sweep may lack what is younger than T_vis. */
  lag: boolean;
  /** A mutant: the effect is performed although the write before it was refused. */
  sendsAfterConflict: boolean;
  /** A mutant: a process that begins does not read what statuses say of refusals. */
  forgetsRefusals: boolean;
}

/** Everything that differs between two moments. Never changed in place, so that neighbours share what they have in common. */
export interface World {
  object: Version;
  gone: boolean;
  content: number;
  machine: number;
  instances: readonly TrueInstance[];
  flights: readonly Flight[];
  stale: readonly StalePass[];
  process: Process;
  /** The version before the newest, kept while a new leader may yet begin with it. */
  previous?: Version;
  backup?: Version;
  /** The status went back unseen: the laws claim less of such a Workspace. */
  misled: boolean;
  /** The evidence of heartbeats: since when without a break, or away. */
  evidence: { availableSince?: number };
  /** It is not its turn at EC2. */
  queued: boolean;
  /** No offering of the class has room, as far as is known. */
  lacking: boolean;
  /** The launch whose parameters no key that is left has signed; 0: none. */
  unsigned: number;
  /** Quotas that are full. */
  full: readonly Quota[];
  /** Other Workspaces: which classes they leave no room in, and what EC2 refused them. */
  others: { inClass: readonly string[]; refusals: readonly Heard[] };
  /** The highest launch number that was ever on record. */
  highest: number;
  /** What each launch spent, kept beside the status so that the status can't rewrite it. */
  ledger: readonly string[];
  budget: Budget;
  terms: Terms;
}

export type Step = [name: string, next: World];

export const QUIET: Budget = {
  ticks: 0,
  takeovers: 0,
  losses: 0,
  refusals: 0,
  edits: 0,
  machines: 0,
  restarts: 0,
  flips: 0,
  deletions: 0,
  ends: 0,
  halts: 0,
  hidings: 0,
  silences: 0,
  outages: 0,
  wipes: 0,
  restores: 0,
  queues: 0,
  throttles: 0,
  pauses: 0,
  types: 0,
  moves: 0,
  lacks: 0,
  quotas: 0,
  crowds: 0,
  keys: 0,
  downgrades: 0,
};

const STANDARD: Terms = {
  stopBehavior: 'Stop',
  restoring: 'seen',
  quotas: [],
  refusal: 'capacity',
  mostLaunches: 4,
  overdue: false,
  lag: true,
  sendsAfterConflict: false,
  forgetsRefusals: false,
};

export function initialWorld(budget: Partial<Budget>, terms: Partial<Terms> = {}): World {
  return {
    object: {
      status: undefined,
      restart: '',
      stopped: false,
      deleting: false,
      finalizer: false,
      paused: false,
      type: 0,
      klass: 0,
    },
    gone: false,
    content: 1,
    machine: 1,
    instances: [],
    flights: [],
    stale: [],
    process: freshProcess(0),
    previous: undefined,
    backup: undefined,
    misled: false,
    evidence: { availableSince: NOW },
    queued: false,
    lacking: false,
    unsigned: 0,
    full: [],
    others: { inClass: [], refusals: [] },
    highest: 0,
    ledger: [],
    budget: { ...QUIET, ...budget },
    terms: { ...STANDARD, ...terms },
  };
}

/** Every key from the start, so that equal processes are equal texts. */
export function freshProcess(epoch: number): Process {
  return {
    epoch,
    termAt: NOW,
    wrote: false,
    sends: undefined,
    answer: undefined,
    sweptAt: undefined,
    view: [],
    sent: [],
    suspectSince: undefined,
    heard: [],
    silence: undefined,
    rolledBack: false,
    lagging: undefined,
  };
}
