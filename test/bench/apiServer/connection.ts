import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { startReflector } from '../../../src/controller/cache/reflector.ts';
import type { Reflector } from '../../../src/controller/cache/reflectorOptions.ts';
import type { ReflectedStore } from '../../../src/controller/cache/store.ts';
import type { KubeClient } from '../../../src/controller/client/client.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { kubeClient } from '../../../src/controller/client/kubeClient.ts';
import { podConfig } from '../../../src/controller/client/kubeConfig.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { silentLogger } from '../../support/base/silentLogger.ts';
import type { Access } from './apiServer.ts';

export const metrics = createRuntimeMetrics();
export type Connection = Transport & { client: KubeClient; close(): Promise<void> };

/** As the operator does from its Pod. */
export function connect({ url, mount }: Access): Connection {
  const { hostname, port } = new URL(url);
  const config = podConfig({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }, mount);
  if (!config) throw new Error(`${mount} holds no token`);
  const transport = kubeTransport({ clock, metrics, loadKubeConfig: () => config });
  return { ...transport, client: kubeClient(transport, { clock }) };
}

/** Fills a store with all Workspaces and keeps it current, as the operator does. */
export function watchObjects(transport: Transport, store: ReflectedStore<Workspace>): Reflector {
  const logger = silentLogger();
  const options = { transport, resource: WORKSPACES, store, clock, random, logger, metrics };
  return startReflector({ ...options, decode: decodeWorkspace });
}
