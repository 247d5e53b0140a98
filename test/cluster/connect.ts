import type { KubeClient } from '../../src/controller/client.ts';
import { systemClock as clock } from '../../src/controller/clock.ts';
import { kubeTransport } from '../../src/controller/httpTransport.ts';
import { kubeClient } from '../../src/controller/kubeClient.ts';
import { parseKubeConfig } from '../../src/controller/kubeConfig.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import type { Transport } from '../../src/controller/transport.ts';

export interface Connection {
  kube: KubeClient;
  transport: Transport;
  close(): Promise<void>;
}

/** As whoever the kubeconfig (YAML) names. */
export function connect(kubeconfig: string): Connection {
  const loadKubeConfig = () => parseKubeConfig(kubeconfig);
  const transport = kubeTransport({ clock, metrics: createRuntimeMetrics(), loadKubeConfig });
  return { transport, kube: kubeClient(transport, { clock }), close: transport.close };
}
