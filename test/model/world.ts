import type { Cause, WorkspaceStatus } from '../../src/api/workspace.ts';
import type { LaunchAnswer } from '../../src/reconcilers/workspace/decide/facts.ts';

/** An instance as EC2 truly has it; `env` is the content it was served, `alive` whether it heartbeats. */
export interface TrueInstance {
  number: number;
  state: 'pending' | 'running' | 'shutting-down' | 'terminated';
  bornAt: number;
  env?: number;
  alive: boolean;
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
  view: { number: number; state: TrueInstance['state'] }[];
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
  /** 1: requests may land later than T_late, which the protocol does not claim to survive. */
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
