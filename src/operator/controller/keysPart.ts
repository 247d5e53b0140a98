import type { Cluster, Platform } from '../../cluster/cluster.ts';
import { keyOf, objectKey } from '../../controller/cache/store.ts';
import type { EventRecorder } from '../../controller/events/events.ts';
import type { Leadership } from '../../controller/lease/leadership.ts';
import { createController } from '../../controller/loop/controller.ts';
import { createWorkqueue, type Workqueue } from '../../controller/loop/workqueue.ts';
import { createKeysReconciler } from '../../reconcilers/keys/keys.ts';
import { createKeyPublisher } from '../../reconcilers/keys/publish.ts';

type Reconciler = ReturnType<typeof createKeysReconciler>;

export interface KeysPart {
  /** See publish.ts. */
  publish(namespace: string): Promise<void>;
  start(): void;
  stop(graceMs: number): Promise<unknown>;
}

/** Keeps the Secrets of the keys while this process leads, and has everything looked at again when a key comes. */
export function createKeysPart(
  { clock, random, logger, runtimeMetrics: metrics }: Platform,
  cluster: Cluster,
  leading: { lease: Leadership; events: EventRecorder; workspaceQueue: Workqueue },
): KeysPart {
  const name = 'keys';
  const queue = createWorkqueue({ name, clock, metrics });
  const reconcilers = new Map<string, Reconciler>();
  for (const { keys, keySecret, keySecrets, kinds } of cluster.launch
    ? [cluster, cluster.launch]
    : [cluster]) {
    const key = keyOf(keySecret.namespace, keySecret.name);
    keySecrets.onChange(() => queue.add(key));
    keys.onNew(() => {
      for (const workspace of cluster.workspaces.list()) leading.workspaceQueue.add(objectKey(workspace));
    });
    const given = { kube: cluster.kube, secret: keySecret, store: keySecrets, keys, kinds, random };
    reconcilers.set(key, createKeysReconciler({ ...leading, ...given }));
  }
  const reconcile: Reconciler = async (key, context) => reconcilers.get(key)?.(key, context);
  const controller = createController({ name, reconcile, queue, clock, random, logger, metrics });
  const { keys, keySecret: secret, keySecrets: store } = cluster;
  return {
    publish: createKeyPublisher({
      kube: cluster.kube,
      secret,
      store,
      keys,
      lease: leading.lease,
      clock,
      random,
      logger,
    }),
    start() {
      controller.start();
      for (const key of reconcilers.keys()) queue.add(key);
    },
    stop: (graceMs) => controller.stop(graceMs),
  };
}
