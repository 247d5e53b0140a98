import { classNameOf } from '../../api/kinds/room.ts';
import type { Workspace } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { keyOf, objectKey, type Store } from '../../controller/cache/store.ts';
import type { KubeObject } from '../../controller/client/client.ts';
import type { Workqueue } from '../../controller/loop/workqueue.ts';
import type { WorkspaceDeps } from './context/deps.ts';

/** Indexes that the triggers look Workspaces up by. */
export const WORKSPACE_INDEXES: Record<string, (workspace: Workspace) => string[]> = {
  uid: ({ metadata }) => [metadata.uid],
  class: (workspace) => [...new Set([workspace.spec.className, classNameOf(workspace)])],
  namespace: ({ metadata }) => [metadata.namespace],
  address: ({ status }) => (status?.instance?.privateIP === undefined ? [] : [status.instance.privateIP]),
  secret: ({ metadata, spec }) =>
    spec.envFrom.map(({ secretRef }) => keyOf(metadata.namespace, secretRef.name)),
};

type Stores = Pick<WorkspaceDeps, 'workspaces' | 'classes' | 'secrets' | 'namespaces'>;

/** Every trigger only enqueues a key; none carries a command. Returns what the EC2 and heartbeat observers call with a uid. */
export function connectTriggers(stores: Stores, queue: Pick<Workqueue, 'add'>): (uid: string) => void {
  const enqueue = (index: string, value: string) => {
    for (const workspace of stores.workspaces.byIndex(index, value)) queue.add(objectKey(workspace));
  };
  stores.workspaces.onChange(({ object }) => queue.add(objectKey(object)));
  stores.classes.onChange(({ object, old }) => {
    if (!old || bearing(object) !== bearing(old)) enqueue('class', object.metadata.name);
  });
  stores.secrets.onChange(({ object }) => enqueue('secret', objectKey(object)));
  onLabels(stores.namespaces, ({ metadata }) => enqueue('namespace', metadata.name));
  return (uid) => enqueue('uid', uid);
}

/** The fields of a class that its Workspaces decide by, without counts and progress, which change with each Workspace. */
function bearing({ metadata, spec, status }: WorkspaceClass): string {
  const { resolvedImages, halted, handled, securityGroups } = status ?? {};
  const groups = securityGroups?.terms.map(({ term, ids }) => [term, ids]);
  return JSON.stringify([metadata.uid, spec, resolvedImages, halted, handled, groups]);
}

function onLabels(store: Store<KubeObject>, changed: (object: KubeObject) => void): void {
  store.onChange(({ object, old }) => {
    if (JSON.stringify(object.metadata.labels) !== JSON.stringify(old?.metadata.labels)) changed(object);
  });
}
