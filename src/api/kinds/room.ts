import type { Workspace, WorkspaceStatus } from './workspace.ts';

type Member = Pick<Workspace, 'metadata' | 'spec' | 'status'>;
type Rooms = NonNullable<WorkspaceStatus['room']>['classes'];

/** Whether a Workspace takes up room: from its first launch until that is closed and its instances are proven gone. */
export function occupies(status: WorkspaceStatus | undefined): boolean {
  const { launch, terminating } = status ?? {};
  const launched = launch !== undefined && launch.number > 0 && launch.phase !== 'Closed';
  return launched || (terminating?.length ?? 0) > 0;
}

/**
 * The classes that this Workspace has had room in since launches of it may live, the present one last. Undefined while it
 * takes up none, and where the status does not say: an earlier release opened the present launch, or the status was
 * written for another object.
 */
export function recordedRooms({ metadata, status }: Member): Rooms | undefined {
  const { launch, room, uid } = status ?? {};
  if (!room || room.number !== launch?.number || !occupies(status)) return undefined;
  if (uid !== undefined && uid !== metadata.uid) return undefined;
  return room.classes.length > 0 ? room.classes : undefined;
}

/**
 * The class that the Workspace is in: its launches have that class's terms, and it counts there. After an edit of
 * spec.className that is the earlier one until the other has room.
 */
export function classNameOf(workspace: Member): string {
  return recordedRooms(workspace)?.at(-1)?.className ?? workspace.spec.className;
}

/** All classes in which it takes up room: its own, and those left whose instances are not proven gone. */
export function occupiedClasses(workspace: Member): readonly string[] {
  const { status, spec } = workspace;
  if (!occupies(status)) return [];
  const rooms = recordedRooms(workspace) ?? [{ className: spec.className, from: 0 }];
  const names = rooms.flatMap(({ className, from }, index) => {
    const until = rooms[index + 1]?.from;
    return until === undefined || mayLive(status, from, until) ? [className] : [];
  });
  return [...new Set(names)];
}

/** Whether an instance of a launch with such a number may live; `until` is excluded. */
export function mayLive(status: WorkspaceStatus | undefined, from: number, until: number): boolean {
  const { launch, terminating = [] } = status ?? {};
  const isOne = (number: number) => number >= from && number < until;
  if (launch && launch.number > 0 && launch.phase !== 'Closed' && isOne(launch.number)) return true;
  return terminating.some(({ number }) => isOne(number));
}

/** Whether the present launch was opened in a class that the Workspace has left. */
export function isOfLeftClass(workspace: Member): boolean {
  const last = recordedRooms(workspace)?.at(-1);
  return last !== undefined && last.from > (workspace.status?.launch?.number ?? 0);
}
