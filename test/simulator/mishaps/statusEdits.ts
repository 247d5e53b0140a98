import { currentState } from '../../../dev/ec2/base/model.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { Patch, People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import { type Mishap, pick, upTo, type Weighted } from './weighted.ts';

type Status = NonNullable<Workspace['status']>;

/** What an account with the right to write `workspaces/status` can do to one: it concerns that Workspace, and no other's instances. */
export function statusEdits({ random, service }: Scene, people: People): Weighted<Mishap> {
  /** Statuses as they were, by name. */
  const backups = new Map<string, Status[]>();

  function someInstance(): string | undefined {
    const there = [...service.cloud.instances.values()].filter((it) => currentState(it) === 'running');
    return there.length > 0 ? pick(random, there).id : undefined;
  }

  const edits: readonly ((name: string, status: Status) => Patch | undefined)[] = [
    (name) => {
      const kept = backups.get(name) ?? [];
      return kept.length > 0 ? { ...pick(random, kept) } : undefined;
    },
    () => {
      // A whole status of another Workspace, as a move or a copy brings it.
      const status = people.read(pick(random, people.names()))?.status;
      return status && { ...status };
    },
    (_name, { launch }) => {
      const instanceID = someInstance();
      return launch && instanceID ? { launch: { ...launch, instanceID } } : undefined;
    },
    (_name, { launch }) => {
      const instanceID = someInstance();
      const number = 1 + upTo(random, 1 + (launch?.number ?? 0));
      return instanceID ? { terminating: [{ number, instanceID }] } : undefined;
    },
    (_name, { launch }) => {
      if (!launch) return undefined;
      const number = Math.max(0, launch.number - 2 + upTo(random, 4));
      return { launch: { ...launch, number } };
    },
    (_name, { launch }) => launch && { launch: { ...launch, phase: 'Waiting', instanceID: undefined } },
  ];

  return [
    [
      8,
      () => {
        const name = pick(random, people.names());
        const status = people.read(name)?.status;
        if (!status) return undefined;
        if (random.next() < 0.5) {
          backups.set(name, [...(backups.get(name) ?? []), status]);
          return `the status of ${name} is kept`;
        }
        const edited = pick(random, edits)(name, status);
        if (!edited) return undefined;
        people.editStatus(name, { ...status, ...edited });
        return `the status of ${name} is edited: ${JSON.stringify(edited).slice(0, 200)}`;
      },
    ],
  ];
}
