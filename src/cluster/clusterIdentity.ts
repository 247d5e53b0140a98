import { z } from 'zod';
import type { KubeClient, Resource } from '../controller/client/client.ts';
import { isAlreadyExists, isNotFound } from '../controller/client/errors.ts';
import { type AtFirstStart, NotMadeYetError } from '../gateway/access/keys.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };
const RECORD = 'workspace-operator-cluster';
const record = z.object({ data: z.object({ clusterID: z.string().min(1) }) });

/** This cluster differs from the one on record; only a person can resolve that. */
export class WrongClusterError extends Error {
  override readonly name = 'WrongClusterError';
}

/**
 * The cluster's identity: the UID of its kube-system namespace. The first start records it, or rejects
 * with NotMadeYetError. A start with another one is refused, since every instance of ours would look like a stranger's and
 * every stranger's could look like ours.
 */
export async function readClusterID(
  kube: KubeClient,
  namespace: string,
  atFirstStart: AtFirstStart = 'make',
): Promise<string> {
  const system = await kube.get(NAMESPACES, 'kube-system');
  const clusterID = system.metadata.uid;
  let recorded = await readRecord(kube, namespace);
  if (recorded === undefined) {
    if (atFirstStart === 'wait')
      throw new NotMadeYetError(`ConfigMap ${namespace}/${RECORD} isn't there yet`);
    recorded = await writeRecord(kube, namespace, clusterID);
  }
  if (recorded !== clusterID) {
    throw new WrongClusterError(
      `ConfigMap ${namespace}/${RECORD} names cluster ${recorded}, but this is cluster ${clusterID}: the namespace was copied from another cluster. ` +
        'Delete that ConfigMap only when no Workspace here has an instance that the other cluster launched.',
    );
  }
  return clusterID;
}

async function readRecord(kube: KubeClient, namespace: string): Promise<string | undefined> {
  try {
    return record.parse(await kube.get(CONFIG_MAPS, RECORD, namespace)).data.clusterID;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function writeRecord(
  kube: KubeClient,
  namespace: string,
  clusterID: string,
): Promise<string | undefined> {
  const metadata = { name: RECORD, namespace };
  try {
    await kube.create(
      CONFIG_MAPS,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { clusterID } },
      namespace,
    );
    return clusterID;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return readRecord(kube, namespace);
  }
}
