import { installCluster } from '../../../dev/stack/install.ts';
import type { KubeClient } from '../../../src/controller/client/client.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import type { Connection } from './connection.ts';

export const NAMESPACE = 'default';
export const nameOf = (index: number): string => `bench-${index}`;

/** Installs the kinds, and waits until they are served. */
export async function install(connection: Connection): Promise<void> {
  await installCluster(connection.client);
  const path = `/apis/${WORKSPACES.group}/${WORKSPACES.version}/${WORKSPACES.plural}`;
  while ((await connection.request({ method: 'GET', path })).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Workspaces of 2 kB, a batch at a time. */
export async function createObjects(
  client: KubeClient,
  from: number,
  to: number,
  atOnce = 16,
): Promise<void> {
  const env = [{ name: 'PADDING', value: 'x'.repeat(1_600) }];
  let next = from;
  const work = async (): Promise<void> => {
    for (let index = next++; index < to; index = next++) {
      const metadata = { name: nameOf(index), namespace: NAMESPACE };
      const spec = { className: 'standard', env };
      const body = { apiVersion: 'compute.molecule.ai/v1alpha1', kind: 'Workspace', metadata, spec };
      await client.create(WORKSPACES, body, NAMESPACE);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
