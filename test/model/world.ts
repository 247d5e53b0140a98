import type { Cause, WorkspaceStatus } from '../../src/api/workspace.ts';
import type { Effect } from '../../src/reconcilers/workspace/decide/decision.ts';
import type { LaunchAnswer } from '../../src/reconcilers/workspace/decide/facts.ts';

/** An instance as EC2 truly has it; `env` is the content it was served, `alive` whether it heartbeats. */
export interface TrueInstance {
  number: number;
  state: 'pending' | 'running' | 'shutting-down' | 'terminated';
  bornAt: number;
  env?: number;
  alive: boolean;
  /** Since when EC2 does not show it although it is there. */
  hiddenSince?: number;
}

/** A version of the Workspace. */
export interface Version {
  rv: number;
  status?: WorkspaceStatus;
  restart: string;
  deleting: boolean;
  finalizer: boolean;
}

/** A pass of the leader before this one, still under way: its write, and after it its effect. */
export interface StalePass {
  rv: number;
  write?: WorkspaceStatus;
  effect?: Effect;
  lostAt: number;
}

/** The controller process; a crash loses all of it. */
export interface Process {
  epoch: string;
  termAt: number;
  wrote: boolean;
  sends?: { number: number; count: number; lastAt: number };
  answer?: LaunchAnswer;
  sweptAt?: number;
  /** What the last sweep showed: states by launch number. */
  view: { number: number; state: TrueInstance['state']; notFound?: { firstAt: number; lastAt: number } }[];
  /** What a lagging informer holds; without it the newest version. */
  lagging?: Version;
  suspectSince?: number;
  terminateSentAt: Record<string, number>;
  console: Record<string, string>;
}

/** How often each mishap may still happen; they bound the search. */
export interface Budget {
  ticks: number;
  crashes: number;
  losses: number;
  refusals: number;
  edits: number;
  restarts: number;
  ends: number;
  deletions: number;
  /** Another process takes the lease, and what the old one was about to do arrives late. */
  takeovers: number;
  /** Instances that EC2 doesn't show for less than T_vis. */
  hidings: number;
  /** 1: requests may land later than T_late, and EC2 may hide for longer than T_vis, which the protocol does not claim to survive. */
  overdue: number;
}

/** Everything that differs between two moments: plain data, so that a state is its own name. Times in ms. */
export interface World {
  now: number;
  content: number;
  restart: string;
  deleting: boolean;
  finalizer: boolean;
  gone: boolean;
  rv: number;
  status?: WorkspaceStatus;
  instances: TrueInstance[];
  /** RunInstances requests that no answer came for and that may still land. */
  flights: { number: number; sentAt: number }[];
  /** Status writes of a dead process that may still land. */
  lateWrites: { rv: number; status: WorkspaceStatus }[];
  process: Process;
  budget: Budget;
  /** What each number spent, kept beside the status so that the status can't rewrite it. */
  stale?: StalePass;
  /** The version before the newest, kept while a new leader may yet begin with it. */
  previous?: Version;
  spent: { number: number; cause: Cause; params?: string }[];
}

export function initialWorld(budget: Budget): World {
  return {
    now: 0,
    content: 1,
    restart: '',
    deleting: false,
    finalizer: false,
    gone: false,
    rv: 1,
    instances: [],
    flights: [],
    lateWrites: [],
    process: freshProcess(0, 0),
    budget,
    spent: [],
  };
}

export function freshProcess(now: number, generation: number): Process {
  return { epoch: `e${generation}`, termAt: now, wrote: false, view: [], terminateSentAt: {}, console: {} };
}
