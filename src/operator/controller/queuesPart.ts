import type { Cluster, KeptKeys, Platform } from '../../cluster/cluster.ts';
import { objectKey } from '../../controller/cache/store.ts';
import { createWorkqueue, type Workqueue } from '../../controller/loop/workqueue.ts';
import { createPace, type Pace } from '../../reconcilers/class/pace.ts';
import { createContentNames } from '../../reconcilers/fleet/contentNames.ts';
import { createFleet, type Fleet } from '../../reconcilers/fleet/fleet.ts';
import { laneOf } from '../../reconcilers/workspace/lane.ts';
import { statusAuthentic } from '../../reconcilers/workspace/observe/authenticity.ts';
import { connectTriggers } from '../../reconcilers/workspace/triggers.ts';

/** The longest pause after a pass that failed, ms. */
const MAX_ERROR_BACKOFF_MS = 60_000;

export interface QueuesPart {
  workspaces: Workqueue;
  classes: Workqueue;
  fleet: Fleet;
  pace: Pace;
  /** What EC2 or the heartbeats show of the Workspace with this uid has changed. */
  changed(uid: string): void;
  /** A class, and each Workspace of it. */
  addClass(className: string): void;
  addAll(): void;
  shutDown(): void;
}

/** What waits to be looked at, and what wakes it: the watches, and places that open in a class's roll-out. */
export function createQueuesPart(
  { config, clock, runtimeMetrics: metrics }: Platform,
  cluster: Cluster,
  launchKeys: KeptKeys['keys'],
): QueuesPart {
  const common = { clock, metrics, limits: { maxMs: MAX_ERROR_BACKOFF_MS } };
  const workspaces = createWorkqueue({
    name: 'workspace',
    laneOf: (key) => laneOf(cluster.workspaces.get(key)),
    ...common,
  });
  const changed = connectTriggers(cluster, workspaces);
  const classes = createWorkqueue({ name: 'workspaceclass', ...common });
  const pace = createPace({ clock, statusIntervalMs: config.controller.classStatusIntervalMs });
  const fleet = createFleet({
    ...cluster,
    names: createContentNames(cluster.keys),
    isAuthentic: (workspace) => statusAuthentic({ clusterID: cluster.clusterID, launchKeys }, workspace),
    onClass(className, news) {
      if (news === 'numbers') classes.addAfter(className, pace.dueInMs(className));
      else classes.add(className);
    },
    onPlace: workspaces.add,
  });
  cluster.classes.onChange(({ object }) => classes.add(object.metadata.name));
  return {
    workspaces,
    classes,
    fleet,
    pace,
    changed,
    addClass(className) {
      classes.add(className);
      for (const workspace of cluster.workspaces.byIndex('class', className))
        workspaces.add(objectKey(workspace));
    },
    addAll() {
      for (const { metadata } of cluster.classes.list()) classes.add(metadata.name);
      for (const workspace of cluster.workspaces.list()) workspaces.add(objectKey(workspace));
    },
    shutDown() {
      // Its timers would keep the process; the next leader does the queued work, so don't wait for it here.
      void workspaces.shutDown();
      void classes.shutDown();
    },
  };
}
