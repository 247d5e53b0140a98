import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Scope } from '../../controller/client/scope.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { msBetween } from '../../controller/lib/time.ts';
import { type CloudView, type ObservedInstance, TAG } from '../../ec2/calls/port.ts';

/** Stands for a class that does not exist, and for an instance without a Workspace; no object can have this name. */
export const NO_CLASS = '(none)';

export interface InstanceLabels {
  class: string;
  instance_type: string;
  capacity_type: string;
  state: string;
}

export interface InstanceFigures {
  /** What EC2 shows of a Workspace changed. */
  saw(uid: string): void;
  /** Counts time from now on, until `stop`: only the leader counts it. */
  start(): void;
  stop(): void;
  /** How many instances there are, and for how long there were, s. */
  read(): Iterable<{ labels: InstanceLabels; count: number; seconds: number }>;
}

export interface InstanceFigureOptions {
  cloud: Pick<CloudView, 'ofWorkspace'>;
  workspaces: Pick<Store<Workspace>, 'byIndex' | 'onChange'>;
  classes: Pick<Store<WorkspaceClass>, 'get' | 'onChange'>;
  /** An instance without a Workspace counts where its namespace is in scope. */
  scope: Pick<Scope, 'covers'>;
  clock: Clock;
}

interface Group {
  labels: InstanceLabels;
  count: number;
  seconds: number;
}

/** Instances as EC2 shows them, with those that are to end and those that no Workspace owns: what there is costs money. */
export function createInstanceFigures(options: InstanceFigureOptions): InstanceFigures {
  const { cloud, workspaces, classes, scope, clock } = options;
  const groups = new Map<string, Group>();
  /** By uid, the groups of its instances. */
  const groupsOf = new Map<string, readonly Group[]>();
  let countedAt: ReturnType<Clock['monotonic']> | undefined;

  function count(): void {
    if (countedAt === undefined) return;
    const now = clock.monotonic();
    const seconds = msBetween(countedAt, now) / 1000;
    countedAt = now;
    for (const group of groups.values()) group.seconds += group.count * seconds;
  }

  function labelOf(uid: string): string {
    const [workspace] = workspaces.byIndex('uid', uid);
    const name = workspace && classNameOf(workspace);
    return name !== undefined && classes.get(name) ? name : NO_CLASS;
  }

  function groupOf(className: string, { type, capacityType, state }: ObservedInstance): Group {
    const labels = { class: className, instance_type: type, capacity_type: capacityType ?? '', state };
    const key = JSON.stringify(Object.values(labels));
    const group = groups.get(key) ?? { labels, count: 0, seconds: 0 };
    groups.set(key, group);
    return group;
  }

  function isThere({ state, missing, notFound, tags }: ObservedInstance): boolean {
    return state !== 'terminated' && !missing && !notFound && scope.covers(tags[TAG.namespace]);
  }

  function saw(uid: string): void {
    count();
    for (const group of groupsOf.get(uid) ?? []) group.count -= 1;
    groupsOf.delete(uid);
    const there = cloud.ofWorkspace(uid).filter(isThere);
    if (there.length === 0) return;
    const className = labelOf(uid);
    const now = there.map((instance) => groupOf(className, instance));
    for (const group of now) group.count += 1;
    groupsOf.set(uid, now);
  }

  workspaces.onChange(({ type, object, old }) => {
    const isMoved = type !== 'updated' || !old || classNameOf(old) !== classNameOf(object);
    if (isMoved) saw(object.metadata.uid);
  });
  classes.onChange(({ type, object }) => {
    if (type === 'updated') return;
    const { name } = object.metadata;
    for (const { metadata } of workspaces.byIndex('class', name)) saw(metadata.uid);
    // What a class cost that is gone is not asked for any more, and classes that come and go must not add up.
    if (type === 'deleted')
      for (const [key, { labels }] of groups) if (labels.class === name) groups.delete(key);
  });

  return {
    saw,
    start() {
      countedAt = clock.monotonic();
    },
    stop() {
      count();
      countedAt = undefined;
    },
    read() {
      count();
      return groups.values();
    },
  };
}
