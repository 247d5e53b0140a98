import type { KubeClient } from '../../../src/controller/client/client.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { kubeClient } from '../../../src/controller/client/kubeClient.ts';
import { parseKubeConfig } from '../../../src/controller/client/kubeConfig.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';

export interface Connection {
  kube: KubeClient;
  transport: Transport;
  close(): Promise<void>;
}

/** With the identity that the kubeconfig (YAML) names. */
export function connect(kubeconfig: string): Connection {
  const loadKubeConfig = () => parseKubeConfig(kubeconfig);
  const transport = kubeTransport({ clock, metrics: createRuntimeMetrics(), loadKubeConfig });
  return { transport, kube: kubeClient(transport, { clock }), close: transport.close };
}
