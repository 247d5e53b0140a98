import { conditionIn } from '../../../api/base/conditions.ts';
import { FINALIZER } from '../../../api/base/meta.ts';
import { classNameOf, occupiedClasses, occupies } from '../../../api/kinds/room.ts';
import type { Launch, Workspace, WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import { servedByConditions } from '../../../api/launch/served.ts';
import {
  isReason,
  isRollOutReason,
  type Reason,
  type RollOutReason,
  readyTraitsOf,
  standingOf,
} from '../../../api/reasons/reasons.ts';
import { objectKey } from '../../../controller/cache/store.ts';
import { contentsOf, FAILED_TRIES, isRolledOut } from '../../workspace/decide/record/replacement.ts';
import { type Failure, type Trial, trialOf } from './trials.ts';

/** Why a Workspace that was taken down does not serve again. */
export interface Stuck {
  /** When its launches failed, with any content. */
  failedAt: readonly string[];
  /** Since when EC2 refuses to launch it. */
  refusedAt?: string | undefined;
  /** It asks for an instance type of its own. */
  isPinned: boolean;
}

/** The facts about a Workspace that others of its class need. They come from its object alone, so that no process's end loses any. */
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
  /** Desired contents that it does not have. */
  lacks: readonly string[];
  /** Content that it is Ready with. */
  proves: readonly string[];
  /** Content that it was replaced for and has yet to become Ready with. */
  tries: readonly string[];
  /** Content that its replacement failed with. */
  fails: readonly Failure[];
  /** The environment that it is to have. */
  wantsEnv?: string | undefined;
  /** The operator gave it up for a change while it served, and it has not served since: it holds a slot. */
  isTakenDown: boolean;
  /** The class that gave it up so and that it has left since: it holds a slot there. */
  slotIn?: string | undefined;
  /** It was taken down, and only its owner can bring it back: it holds up no other one. */
  isLacking: boolean;
  /** Why one that was taken down does not come back, and since when. */
  stuck?: Stuck | undefined;
  /** The replacement that it became Ready with: begin and end, wall ms. */
  replaced?: { from: number; to: number };
}

/** @param nameOf what a digest in its status is called where it is compared with those of others */
export function entryOf(workspace: Workspace, nameOf = (digest: string) => digest): FleetEntry {
  const { metadata, spec, status } = workspace;
  const { launch, desired } = status ?? {};
  const key = objectKey({ metadata });
  const className = classNameOf(workspace);
  const ready = conditionIn(status, 'Ready');
  const available = servedByConditions(status?.conditions);
  const upToDate = conditionIn(status, 'UpToDate')?.reason ?? '';
  const waits = isRollOutReason(upToDate) ? upToDate : waitsNear(upToDate, available);
  const stalled = conditionIn(status, 'Stalled')?.status === 'True';
  const runs = spec.operatingMode === 'Running' && metadata.deletionTimestamp === undefined;
  const named = (machine?: string, env?: string) =>
    contentsOf(machine, env === undefined ? env : nameOf(env));
  const holds = named(launch?.machine, status?.instance?.env);
  const isLost = isStatusLost(workspace);
  const takesRoom = occupies(status) || isLost;
  const trial = runs && !spec.paused && !available ? trialOf(workspace, nameOf) : undefined;
  // A Workspace that its owner must bring back tries nothing: another one is the first.
  const isOwners = trial !== undefined && readyTraitsOf(ready?.reason ?? '')?.ownersMatter === true;
  const isLacking = isOwners && trial.slot;
  const present = isOwners ? undefined : trial;
  const isPinned = spec.instanceType !== undefined;
  const isTakenDown = present?.slot === true;
  const unlaunched = launch ? launch.number === 0 || isUnlaunchable(launch) : !isLost;
  const aside = stalled || spec.paused || unlaunched;
  const outdated = desired && launch && launch.number > 0 && desired.generation > launch.generation;
  const changing = Boolean(outdated || (present && present.failedAt.length < FAILED_TRIES));
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
    counts: runs && (available || isTakenDown || !(aside || isLacking || (!trial && isAskedFor(launch)))),
    available: runs && available,
    occupies: takesRoom,
    alsoIn: occupiedClasses(workspace).filter((name) => name !== className),
    wantsRoom: runs && !spec.paused && !takesRoom && !stalled && wouldLaunch(ready?.reason),
    waits,
    rolling: runs && !spec.paused && (isTakenDown || ((!stalled || waits === 'RolloutHalted') && changing)),
    dueAt: notBefore(metadata, Date.parse(desired?.at ?? '') || 0),
    lacks: desired ? named(desired.machine, desired.env).filter((name) => !holds.includes(name)) : [],
    // Copied, for an array that grew keeps room for 16 more.
    proves: available && launch?.readyAt ? holds.slice() : [],
    tries: present && !(isPinned && present.refusedAt) ? present.tries : [],
    fails: present?.fails ?? [],
    wantsEnv: runs && desired ? nameOf(desired.env) : undefined,
    isTakenDown,
    slotIn: present?.slotIn,
    isLacking,
    stuck: isTakenDown ? stuckOf(present, isPinned) : undefined,
    replaced: replacedAt(workspace),
  };
}

/** A moment of its status, wall ms: nothing that happened to it can be older than the object. */
function notBefore({ creationTimestamp }: Workspace['metadata'], at: number): number {
  return Math.max(at, Date.parse(creationTimestamp ?? '') || 0);
}

/** Reasons that more room would not cure. */
const NO_SUCH_CLASS: ReadonlySet<string> = new Set<Reason>(['ClassNotFound', 'ClassNotAllowed']);

/** Unless a person must act first: one that can't move keeps no other one waiting. */
function mayMove({ metadata, spec }: Workspace, from: string, upToDate: string): boolean {
  if (spec.className === from || spec.paused || metadata.deletionTimestamp !== undefined) return false;
  return !NO_SUCH_CLASS.has(upToDate);
}

function stuckOf({ failedAt, refusedAt }: Trial, isPinned: boolean): Stuck | undefined {
  if (failedAt.length < FAILED_TRIES && refusedAt === undefined) return undefined;
  return { failedAt, refusedAt, isPinned };
}

/** While the turn of its launch is not near it serves on, and is among those who have yet to take a slot. */
function waitsNear(upToDate: string, serves: boolean): FleetEntry['waits'] {
  return serves && upToDate === 'LaunchQueued' ? 'RolloutQueued' : undefined;
}

/** Whether nothing but a place may be lacking, as far as is known. */
function wouldLaunch(reason: string | undefined): boolean {
  return reason === undefined || readyTraitsOf(reason)?.wouldLaunch === true;
}

/** It failed twice, or EC2 gave it no instance: that is for another zone, a quota or a person to fix. */
function isUnlaunchable({ ended, failures }: Launch): boolean {
  return failures >= FAILED_TRIES || ended?.refusal !== undefined;
}

/**
 * The first status comes before the finalizer, so that this one was wiped. Until EC2 has been looked through, its instance
 * counts as there and as down: no other Workspace gets its room or its slot.
 */
function isStatusLost({ metadata, status }: Workspace): boolean {
  return status?.launch === undefined && metadata.finalizers?.includes(FINALIZER) === true;
}

/**
 * Down because a person restarted it, and for no program's change: that is for the one who asked to bear, and takes no slot
 * that others need.
 */
function isAskedFor(launch: Launch | undefined): boolean {
  return launch?.cause?.kind === 'Restart' && !launch.readyAt && !launch.ended;
}

function stateOf(status: WorkspaceStatus | undefined, stalled: boolean): FleetEntry['state'] {
  if (conditionIn(status, 'Reconciling')?.reason === 'Settled') return 'current';
  const reason = conditionIn(status, 'Ready')?.reason;
  return stalled || (reason !== undefined && standingOf(reason) !== 'normal') ? 'failing' : 'updating';
}

/** The longest that a replacement counts as, ms: one that waited for a person for weeks says nothing of the class's pace. */
const LONGEST_REPLACEMENT_MS = 86_400_000;

function replacedAt({ metadata, status }: Workspace): FleetEntry['replaced'] {
  const { launch, replacement } = status ?? {};
  // An earlier release records no replacement, and a later launch of that release does not move one that is on record.
  const isRecorded =
    replacement && !(isRolledOut(launch?.cause) && (launch?.number ?? 0) > replacement.number);
  const { since, servedAt } = isRecorded
    ? replacement
    : isRolledOut(launch?.cause)
      ? { since: launch?.openedAt, servedAt: launch?.readyAt }
      : {};
  const from = notBefore(metadata, Date.parse(since ?? ''));
  const to = Date.parse(servedAt ?? '');
  return to >= from ? { from, to: Math.min(to, from + LONGEST_REPLACEMENT_MS) } : undefined;
}
