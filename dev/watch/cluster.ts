import type { KubeClient, Resource } from '../../src/controller/client.ts';
import type { Clock } from '../../src/controller/clock.ts';
import { kubeTransport } from '../../src/controller/httpTransport.ts';
import { kubeClient } from '../../src/controller/kubeClient.ts';
import { loadKubeConfig } from '../../src/controller/kubeConfig.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import type { Transport } from '../../src/controller/transport.ts';

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
