import type { KubeClient, Resource } from '../../src/controller/client/client.ts';
import { kubeTransport } from '../../src/controller/client/httpTransport.ts';
import { kubeClient } from '../../src/controller/client/kubeClient.ts';
import { loadKubeConfig } from '../../src/controller/client/kubeConfig.ts';
import type { Transport } from '../../src/controller/client/transport.ts';
import type { Clock } from '../../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../../src/controller/serve/metrics.ts';

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };

/** A cluster as kubectl reaches it. */
export interface ClusterAccess {
  kube: KubeClient;
  transport: Transport;
  close(): Promise<void>;
}

/** @param kubeconfig path; without it KUBECONFIG, ~/.kube/config or the pod's service account */
export function openCluster(clock: Clock, kubeconfig?: string): ClusterAccess {
  const transport = kubeTransport({
    clock,
    metrics: createRuntimeMetrics(),
    loadKubeConfig: () => loadKubeConfig(kubeconfig),
  });
  return { kube: kubeClient(transport, { clock }), transport, close: () => transport.close() };
}
