import { kubeconfigOf } from '../../../dev/apiserver/transport/kubeconfig.ts';
import { installCluster } from '../../../dev/stack/install.ts';
import { startStackOn } from '../../../dev/stack/stack.ts';
import type { KubeClient, KubeObject, Resource } from '../../../src/controller/client/client.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { openCluster } from '../../envtest/dispenser.ts';
import type { ClusterAccess } from '../../envtest/globalSetup.ts';
import type { Raised, SceneApi, SceneOptions } from '../../scenarios/scene/raised.ts';
import { until } from '../../scenarios/scene/until.ts';
import { grantOperator, operatorToken } from '../accounts/operatorAccount.ts';
import { auditedCalls } from './auditLog.ts';
import { connect } from './connect.ts';
import { historyOf } from './etcdHistory.ts';
import { startFaultProxy } from './faultProxy.ts';
import { followCluster } from './followCluster.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

/** Without `apiFaults` a test can add none: the operator and the API server speak to one another directly. */
const NO_FAULTS: SceneApi['faults'] = {
  add() {
    throw new Error('this scene has no faults of the API server: ask createScene for apiFaults');
  },
  active: () => [],
  clear: () => undefined,
  closeWatches: () => 0,
};

/** A new API server soon makes the namespaces that it needs. */
async function untilFurnished(kube: KubeClient): Promise<void> {
  await until('the cluster has its namespaces', async () => {
    const { items } = await kube.list<KubeObject>(NAMESPACES);
    const names = items.map(({ metadata }) => metadata.name);
    return names.includes('default') && names.includes('kube-system');
  });
}

async function untilServed(transport: Transport): Promise<void> {
  await until('the kinds are served', async () => {
    const plurals = ['workspaces', 'workspaceclasses'];
    const answers = await Promise.all(
      plurals.map((plural) =>
        transport.request({
          method: 'GET',
          path: `/apis/${WORKSPACES.group}/${WORKSPACES.version}/${plural}`,
        }),
      ),
    );
    return answers.every(({ status }) => status === 200);
  });
}

/** On a kube-apiserver of its own, where the operator has the rights of its ServiceAccount and no others. */
export async function raiseReal(access: ClusterAccess, options: SceneOptions): Promise<Raised> {
  let opened: Omit<Raised, 'stack'> | undefined;
  const stack = await startStackOn<SceneApi>(options, async (_folder, onStop) => {
    const cluster = await openCluster(access.dispenser);
    onStop(cluster.stop);
    const { kube, transport, close } = connect(cluster.kubeconfig);
    onStop(close);
    await untilFurnished(kube);
    await installCluster(kube);
    await untilServed(transport);
    await grantOperator(kube);
    const proxy = options.apiFaults ? await startFaultProxy(cluster) : undefined;
    if (proxy) onStop(proxy.stop);
    const { url, caPEM } = proxy ?? cluster;
    const operatorKubeconfig = async () => kubeconfigOf(url, caPEM, await operatorToken(transport));
    opened = {
      kube,
      cluster,
      adminKubeconfig: cluster.kubeconfig,
      operatorKubeconfig,
      history: () => historyOf(cluster),
      follow: async (listener) => onStop(followCluster(transport, listener)),
    };
    return {
      url,
      kubeconfig: await operatorKubeconfig(),
      faults: proxy?.faults ?? NO_FAULTS,
      counters: { rows: () => auditedCalls(cluster.auditLog) },
    };
  });
  if (!opened) throw new Error('the stack has no cluster');
  return { stack, ...opened };
}
