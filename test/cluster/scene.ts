import { join } from 'node:path';
import { inject } from 'vitest';
import { kubeconfigOf } from '../../dev/apiserver/kubeconfig.ts';
import { installCluster, OPERATOR_NAMESPACE } from '../../dev/stack/install.ts';
import { type ClusterAccess, startStackOn } from '../../dev/stack/stack.ts';
import { systemClock } from '../../src/controller/clock.ts';
import { KubeConfig } from '../../src/controller/credentials.ts';
import { kubeTransport } from '../../src/controller/httpTransport.ts';
import { kubeClient } from '../../src/controller/kubeClient.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import { createKubectl, type Kubectl } from '../kubectl/kubectl.ts';
import { createSceneOn, type Scene } from '../scenarios/harness.ts';

export const RBAC = join(import.meta.dirname, '..', '..', 'deploy', 'rbac.yaml');
export const SERVICE_ACCOUNT = 'workspace-operator';

export interface ClusterScene extends Scene<ClusterAccess> {
  kubectl: Kubectl;
  /** A file of audit events. */
  auditLog: string;
}

/** A scene on the run's real cluster, where the operator has the rights of its ServiceAccount and no others. */
export async function createClusterScene(): Promise<ClusterScene> {
  const access = inject('realCluster');
  if (access === null) throw new Error('this needs a real cluster: npm run test:cluster');
  const config = new KubeConfig();
  config.loadFromString(access.kubeconfig);
  const transport = kubeTransport({
    clock: systemClock,
    metrics: createRuntimeMetrics(),
    loadKubeConfig: () => config,
  });
  const administrator = kubeClient(transport, { clock: systemClock });
  const kubectl = await createKubectl(access.kubectl, access.kubeconfig);
  const open = async (): Promise<ClusterAccess> => {
    await installCluster(administrator);
    await kubectl.ok('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
    await kubectl.ok('apply', '-f', RBAC);
    const token = await kubectl.ok('create', 'token', SERVICE_ACCOUNT, '-n', OPERATOR_NAMESPACE);
    const cluster = config.getCurrentCluster();
    if (!cluster?.caData) throw new Error('the kubeconfig names no cluster with its authority');
    const caPEM = Buffer.from(cluster.caData, 'base64').toString();
    return { url: cluster.server, kubeconfig: kubeconfigOf(cluster.server, caPEM, token.trim()) };
  };
  const scene = await createSceneOn(
    (options) => startStackOn(options, open),
    () => administrator,
  );
  return {
    ...scene,
    kubectl,
    auditLog: access.auditLog,
    async close() {
      await scene.close();
      await kubectl.close();
      await transport.close();
    },
  };
}
