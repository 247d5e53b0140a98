import { blamesContent, outdatedBy } from '../../api/causes.ts';
import type { ConditionType } from '../../api/conditionReasons.ts';
import { classContent } from '../../api/machine.ts';
import {
  isReason,
  isRollOutReason,
  type Reason,
  type RollOutReason,
  readyTraitsOf,
  standingOf,
} from '../../api/reasons.ts';
import { classNameOf, occupiedClasses, occupies } from '../../api/room.ts';
import { servedByConditions } from '../../api/served.ts';
import type { Launch, Outcome, Workspace, WorkspaceStatus } from '../../api/workspace.ts';
import { isRolledOut } from '../workspace/decide/rollout.ts';

/** So many launches with the same content that never became Ready are a failure of it, not an accident. */
const FAILED_TRIES = 2;

/** What the others of its class need to know of a Workspace; all of it from its object alone, so that nothing is lost with a process. */
export interface FleetEntry {
  key: string;
  uid: string;
  namespace: string;
  /** The class that it is in. */
  className: string;
  /** The class that it moves to once there is room. */
  movesTo?: string | undefined;
  /** Sorts by creation. */
  createdOrder: string;
  /** Sorts by the age of the present launch. */
  launchOrder: string;
  state: 'current' | 'updating' | 'failing';
  /** Ready's reason, while it is not True and this release knows it. */
  reason?: Reason;
  /** It should run, and counts for budgets. */
  counts: boolean;
  /** It serves. */
  available: boolean;
  /** It has an instance, or a launch that is to make one. */
  occupies: boolean;
  /** Other classes in which it takes up room: it has left them, and its instances of them are not proven gone. */
  alsoIn: readonly string[];
  /** It would launch if there were room. */
  wantsRoom: boolean;
  /** UpToDate's reason, where it waits for others. */
  waits?: RollOutReason;
  /** A change has yet to be carried out, or is being carried out, and nothing but time is needed. */
  rolling: boolean;
  /** When what it is to have counted, wall ms. */
  dueAt: number;
  /** What it is to have and has not. */
  lacks: readonly string[];
  /** Content that it is Ready with. */
  proves: readonly string[];
  /** Content that it was replaced for and has yet to become Ready with. */
  tries: readonly string[];
  /** The content that its replacements failed with, and how. */
  fails?: { content: string; times: readonly string[]; message: string };
  /** The replacement that it became Ready with: begin and end, wall ms. */
  replaced?: { from: number; to: number };
}

export function entryOf(workspace: Workspace): FleetEntry {
  const { metadata, spec, status } = workspace;
  const { launch, desired } = status ?? {};
  const key = `${metadata.namespace}/${metadata.name}`;
  const className = classNameOf(workspace);
  const ready = conditionOf(status, 'Ready');
  const available = servedByConditions(status?.conditions);
  const upToDate = conditionOf(status, 'UpToDate')?.reason ?? '';
  const waits = isRollOutReason(upToDate) ? upToDate : waitsNear(upToDate, available);
  const stalled = conditionOf(status, 'Stalled')?.status === 'True';
  const runs = spec.operatingMode === 'Running' && metadata.deletionTimestamp === undefined;
  const holds = contentsOf(launch?.machine, status?.instance?.env);
  const takesRoom = occupies(status);
  const failed = failedTries(status);
  const aside =
    stalled || spec.paused || !launch?.number || launch.failures >= FAILED_TRIES || refused(launch);
  const replacing = launch && !launch.readyAt && replacesServing(status) && failed.length < FAILED_TRIES;
  const outdated = desired && launch && launch.number > 0 && desired.generation > launch.generation;
  return {
    key,
    uid: metadata.uid,
    namespace: metadata.namespace,
    className,
    movesTo: mayMove(workspace, className, upToDate) ? spec.className : undefined,
    createdOrder: `${metadata.creationTimestamp ?? ''} ${key}`,
    launchOrder: `${launch?.submittedAt ?? ''} ${key}`,
    state: stateOf(status, stalled),
    reason: !available && ready && isReason(ready.reason) ? ready.reason : undefined,
    counts: runs && (available || !(aside || isAskedFor(status))),
    available: runs && available,
    occupies: takesRoom,
    alsoIn: occupiedClasses(workspace).filter((name) => name !== className),
    wantsRoom: runs && !spec.paused && !takesRoom && !stalled && wouldLaunch(ready?.reason),
    waits,
    rolling:
      runs && !spec.paused && (!stalled || waits === 'RolloutHalted') && Boolean(outdated || replacing),
    dueAt: Date.parse(desired?.at ?? '') || 0,
    lacks: desired ? contentsOf(desired.machine, desired.env).filter((name) => !holds.includes(name)) : [],
    proves: available && launch?.readyAt ? holds : [],
    tries: replacing && desired ? contentsOf(launch.machine ?? desired.machine, desired.env) : [],
    fails: failureOf(key, status, failed),
    replaced: replacedAt(launch),
  };
}

/** What no room helps against. */
const NO_SUCH_CLASS: ReadonlySet<string> = new Set<Reason>(['ClassNotFound', 'ClassNotAllowed']);

/** Unless a person must act first: one that can't move keeps no other one waiting. */
function mayMove({ metadata, spec }: Workspace, from: string, upToDate: string): boolean {
  if (spec.className === from || spec.paused || metadata.deletionTimestamp !== undefined) return false;
  return !NO_SUCH_CLASS.has(upToDate);
}

function contentsOf(machine: string | undefined, env: string | undefined): string[] {
  return [...(machine === undefined ? [] : [classContent(machine)]), ...(env === undefined ? [] : [env])];
}

function conditionOf(status: WorkspaceStatus | undefined, type: ConditionType) {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** While the turn of its launch is not near it serves on, and is among those who have yet to take a slot. */
function waitsNear(upToDate: string, serves: boolean): FleetEntry['waits'] {
  return serves && upToDate === 'LaunchQueued' ? 'RolloutQueued' : undefined;
}

/** Whether nothing but a place may be lacking, as far as is known. */
function wouldLaunch(reason: string | undefined): boolean {
  return reason === undefined || readyTraitsOf(reason)?.wouldLaunch === true;
}

/** EC2 gave it no instance: that is for another zone, a quota or a person to mend. */
function refused({ ended }: Launch): boolean {
  return ended?.refusal !== undefined;
}

/**
 * Down because a person restarted it, and for no program's change: that is for the one who asked to bear, and takes no slot
 * that others need.
 */
function isAskedFor(status: WorkspaceStatus | undefined): boolean {
  const { launch } = status ?? {};
  const isNew = launch?.cause?.kind === 'Restart' && !launch.readyAt && !launch.ended;
  const hasServed = triesOf(status).some(({ readyAt }) => readyAt);
  return isNew && (hasServed || !replacesServing(status));
}

function stateOf(status: WorkspaceStatus | undefined, stalled: boolean): FleetEntry['state'] {
  if (conditionOf(status, 'Reconciling')?.reason === 'Settled') return 'current';
  const reason = conditionOf(status, 'Ready')?.reason;
  return stalled || (reason !== undefined && standingOf(reason) !== 'normal') ? 'failing' : 'updating';
}

interface Try {
  generation: number;
  cause?: Launch['cause'];
  readyAt?: string;
  outcome?: Outcome;
  endedAt?: string;
}

/** The launches of the present generation that are known, newest first. */
function triesOf(status: WorkspaceStatus | undefined): Try[] {
  const { launch, history = [], desired } = status ?? {};
  if (!launch || !desired) return [];
  const { ended } = launch;
  const present: Try = { ...launch, outcome: ended?.outcome, endedAt: ended?.at };
  const earlier = history.filter(({ number }) => number !== launch.number);
  return [present, ...earlier].filter(({ generation }) => generation === desired.generation);
}

/** Whether the present generation was begun by replacing an instance for a change. */
function replacesServing(status: WorkspaceStatus | undefined): boolean {
  return triesOf(status).some(({ cause }) => isRolledOut(cause));
}

function failedTries(status: WorkspaceStatus | undefined): Try[] {
  if (!replacesServing(status)) return [];
  return triesOf(status).filter(
    ({ outcome, readyAt }) => !readyAt && outcome !== undefined && blamesContent(outcome),
  );
}

/** The last change is to blame: of two that came together nobody can say more. */
function failureOf(
  key: string,
  status: WorkspaceStatus | undefined,
  failed: readonly Try[],
): FleetEntry['fails'] {
  const { desired, launch } = status ?? {};
  if (!desired || launch?.readyAt || failed.length < FAILED_TRIES) return undefined;
  const content = sharedContent(desired);
  if (content === undefined) return undefined;
  // Others of the class are shown it: never what the instance or EC2 said of it.
  const message = `${failed.length} launches of ${key} with it (${desired.cause}) never became Ready.`;
  return { content, times: failed.map(({ endedAt }) => endedAt ?? ''), message };
}

/** What of the last change other Workspaces may have too. */
function sharedContent({ cause, env, machine }: NonNullable<WorkspaceStatus['desired']>): string | undefined {
  switch (outdatedBy(cause)) {
    case 'classMachine':
      return classContent(machine);
    case 'environment':
      return env;
    case 'ownMachine':
    case undefined:
      return undefined;
  }
}

function replacedAt(launch: Launch | undefined): FleetEntry['replaced'] {
  if (!launch?.openedAt || !launch.readyAt || !isRolledOut(launch.cause)) {
    return undefined;
  }
  const [from, to] = [Date.parse(launch.openedAt), Date.parse(launch.readyAt)];
  return to >= from ? { from, to } : undefined;
}
