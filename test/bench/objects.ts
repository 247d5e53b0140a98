import { installCluster } from '../../dev/stack/install.ts';
import { decodeWorkspace } from '../../src/api/decode.ts';
import type { Workspace } from '../../src/api/workspace.ts';
import type { KubeClient } from '../../src/controller/client.ts';
import { systemClock as clock } from '../../src/controller/clock.ts';
import { KubeConfig } from '../../src/controller/credentials.ts';
import { kubeTransport } from '../../src/controller/httpTransport.ts';
import { kubeClient } from '../../src/controller/kubeClient.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import { systemRandom as random } from '../../src/controller/random.ts';
import { type Reflector, startReflector } from '../../src/controller/reflector.ts';
import type { Store } from '../../src/controller/store.ts';
import type { Transport } from '../../src/controller/transport.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import { silentLogger } from '../support/silentLogger.ts';

export const metrics = createRuntimeMetrics();
export const NAMESPACE = 'default';

export type Connection = Transport & { client: KubeClient; close(): Promise<void> };

export function connect(kubeconfig: string): Connection {
  const loadKubeConfig = () => {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    return config;
  };
  const transport = kubeTransport({ clock, metrics, loadKubeConfig });
  return { ...transport, client: kubeClient(transport, { clock }) };
}

export const nameOf = (index: number): string => `bench-${index}`;

/** Installs the kinds, and waits until they are served. */
export async function install(connection: Connection): Promise<void> {
  await installCluster(connection.client);
  const path = `/apis/${WORKSPACES.group}/${WORKSPACES.version}/${WORKSPACES.plural}`;
  while ((await connection.request({ method: 'GET', path })).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Workspaces of 2 kB, so many at once. */
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

/** Fills a store with all Workspaces and keeps it current, as the operator does. */
export function watchObjects(transport: Transport, store: Store<Workspace>): Reflector {
  const logger = silentLogger();
  const options = { transport, resource: WORKSPACES, store, clock, random, logger, metrics };
  return startReflector({ ...options, decode: decodeWorkspace });
}
