import type { Cluster, Platform } from './cluster.ts';
import { createController } from './controller/controller.ts';
import type { EventRecorder } from './controller/events.ts';
import { objectKey } from './controller/store.ts';
import { createWorkqueue, type Workqueue } from './controller/workqueue.ts';
import { createKeysReconciler } from './reconcilers/keys/keys.ts';
import type { Lease } from './reconcilers/workspace/deps.ts';

export interface KeysPart {
  start(): void;
  stop(graceMs: number): Promise<unknown>;
}

/** Keeps the Secret of the keys while this process leads, and has everything looked at again when a key comes. */
export function createKeysPart(
  { clock, random, logger, runtimeMetrics: metrics }: Platform,
  cluster: Cluster,
  leading: { lease: Lease; events: EventRecorder; workspaceQueue: Workqueue },
): KeysPart {
  const name = 'keys';
  const queue = createWorkqueue({ name, clock, metrics });
  const { namespace, name: secretName } = cluster.keySecret;
  const look = () => queue.add(`${namespace}/${secretName}`);
  cluster.keySecrets.onChange(look);
  cluster.keys.onNew(() => {
    for (const workspace of cluster.workspaces.list()) leading.workspaceQueue.add(objectKey(workspace));
  });
  const reconcile = createKeysReconciler({
    ...cluster,
    ...leading,
    secret: cluster.keySecret,
    store: cluster.keySecrets,
    random,
  });
  const controller = createController({ name, reconcile, queue, clock, random, logger, metrics });
  return {
    start() {
      controller.start();
      look();
    },
    stop: (graceMs) => controller.stop(graceMs),
  };
}
