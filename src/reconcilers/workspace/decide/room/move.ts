import { mayLive, occupiedClasses, occupies, recordedRooms } from '../../../../api/kinds/room.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { isCurrentMachine } from '../desire/change.ts';
import { type Draft, wakeAfter } from '../facts/decision.ts';
import type { MoveFact } from '../facts/roomFacts.ts';
import type { Blocker, View } from '../facts/view.ts';
import { moveReplacement } from '../record/replacement.ts';
import { roomIsLeft, sayLimits } from './limits.ts';

type Room = NonNullable<WorkspaceStatus['room']>;
type Rooms = Room['classes'];

/** As many as the status takes; each needs an instance that is not proven gone. */
const MOST_CLASSES = 16;

/**
 * An edit of spec.className moves the Workspace once the class that it names has room. Until then it lives on in the
 * class that it is in, with that class's terms, and counts there. The move itself is one write that changes nothing else.
 * The next pass judges what it means for the instance, by the facts of the new class. Returns whether the other
 * phases may go on.
 */
export function move(draft: Draft): boolean {
  const { facts, status } = draft;
  if (!facts.move || !status.launch) return true;
  if (recordedRooms(facts.workspace) === undefined) {
    // An earlier release opened the launch. This process's memory of the class is lost with the process, so record it first.
    enter(draft, [{ className: facts.move.from, from: 0 }]);
    return false;
  }
  if (facts.workspace.spec.paused || moveObstacle(draft)) return true;
  const target = facts.workspace.spec.className;
  enter(draft, roomsWith(draft, target));
  moveReplacement(draft, facts.move.from);
  if (!countsThere(draft)) draft.claim = { slot: false, room: false, move: true, contents: [] };
  return false;
}

function enter(draft: Draft, classes: Rooms): void {
  draft.status.room = { number: draft.status.launch?.number ?? 0, classes };
  wakeAfter(draft, 0);
}

/** A class that it entered and never launched from is left without a trace, so that going back is free. */
function roomsWith({ facts, status }: View, className: string): Rooms {
  const rooms = recordedRooms(facts.workspace) ?? [];
  const { number = 0, phase } = status.launch ?? {};
  const from = phase === 'Waiting' ? number : number + 1;
  const launchedFrom = rooms.filter((it) => it.from < from);
  if (launchedFrom.at(-1)?.className === className) return launchedFrom;
  return [...launchedFrom, { className, from }];
}

/** Whether an instance of this Workspace takes up room there already. */
function countsThere({ facts: { workspace } }: View): boolean {
  return occupiedClasses(workspace).includes(workspace.spec.className);
}

/** The obstacle between the Workspace and the class that spec.className names. */
export function moveObstacle(view: View): Blocker | undefined {
  const { move, workspace } = view.facts;
  if (!move) return undefined;
  const { className } = workspace.spec;
  const stays = `It stays in "${move.from}", whose terms it keeps.`;
  if (!move.class) {
    return {
      reason: 'ClassNotFound',
      message: `WorkspaceClass "${className}", which spec.className names, does not exist. ${stays} Create the class, or change spec.className.`,
    };
  }
  if (!move.allowed) {
    return {
      reason: 'ClassNotAllowed',
      message: `WorkspaceClass "${className}", which spec.className names, does not allow namespace "${workspace.metadata.namespace}". ${stays} Ask the owner of the class to add the namespace to spec.allowedNamespaces, or change spec.className.`,
    };
  }
  if (countsThere(view) || hasRoom(view, move)) return undefined;
  return {
    reason: 'ClassLimitReached',
    message: `WorkspaceClass "${className}", which spec.className names, allows no more instances (${sayLimits(move.class)}). ${stays} It moves, in the order of creation, as soon as there is room. Delete a Workspace of that class, or ask for a higher limit; where Workspaces of two full classes wait for each other, one limit must be raised by one until they have moved.`,
  };
}

function hasRoom(view: View, move: MoveFact): boolean {
  const rooms = recordedRooms(view.facts.workspace) ?? [];
  return move.class !== undefined && rooms.length < MOST_CLASSES && roomIsLeft(move, move.class.spec);
}

/** Whether it is about to be, or was just, written that the Workspace moves, and nothing of it is decided yet. */
export function isMoving(view: View): boolean {
  return view.facts.move !== undefined && !view.facts.workspace.spec.paused && !moveObstacle(view);
}

/** Records that the launch just opened takes up room in the class that the Workspace is in. */
export function countLaunch({ facts, status }: Draft): void {
  const number = status.launch?.number ?? 0;
  const className = facts.move?.from ?? facts.workspace.spec.className;
  const classes = recordedRooms(facts.workspace) ?? [
    { className, from: occupies(facts.workspace.status) ? 0 : number },
  ];
  status.room = { number, classes };
}

/** Leaves classes whose instances are proven gone, or whose instance is just what the present class asks for. */
export function leaveClasses(draft: Draft): void {
  const { facts, status } = draft;
  const { launch, room } = status;
  if (!launch || !room || room.number !== launch.number || facts.move) return;
  if (isSatisfied(draft, room)) {
    room.classes = [
      ...room.classes.slice(0, -1),
      { ...room.classes.at(-1), from: launch.number } as Rooms[number],
    ];
  }
  room.classes = room.classes.filter(({ from }, index) => {
    const until = room.classes[index + 1]?.from;
    return until === undefined || mayLive(status, from, until);
  });
}

/** The two classes ask for the same machine, so that the instance stays, and counts in the present one alone. */
function isSatisfied(view: View, { classes }: Room): boolean {
  const { desired, launch } = view.status;
  if (!launch || !desired || (classes.at(-1)?.from ?? 0) <= launch.number) return false;
  return view.facts.machine === desired.machine && isCurrentMachine(view, launch);
}
