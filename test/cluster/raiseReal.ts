import { pino } from 'pino';
import { kubeconfigOf } from '../../dev/apiserver/transport/kubeconfig.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { installCluster } from '../../dev/stack/install.ts';
import { startStackOn } from '../../dev/stack/stack.ts';
import type { KubeClient, KubeObject, Resource } from '../../src/controller/client.ts';
import { systemClock as clock } from '../../src/controller/clock.ts';
import { kubeTransport } from '../../src/controller/httpTransport.ts';
import { kubeClient } from '../../src/controller/kubeClient.ts';
import { parseKubeConfig } from '../../src/controller/kubeConfig.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import { systemRandom } from '../../src/controller/random.ts';
import { startReflector } from '../../src/controller/reflector.ts';
import { createStore } from '../../src/controller/store.ts';
import type { Transport } from '../../src/controller/transport.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import type { Cluster } from '../envtest/cluster.ts';
import { openCluster } from '../envtest/dispenser.ts';
import type { ClusterAccess } from '../envtest/globalSetup.ts';
import type { Raised, SceneApi, SceneOptions } from '../scenarios/raised.ts';
import { until } from '../scenarios/until.ts';
import { auditedCalls } from './auditLog.ts';
import { historyOf } from './etcdHistory.ts';
import { startFaultProxy } from './faultProxy.ts';
import { grantOperator, operatorToken } from './operatorAccount.ts';

const FOLLOWED: readonly Resource[] = [
  WORKSPACES,
  { ...WORKSPACES, plural: 'workspaceclasses', namespaced: false },
  { group: '', version: 'v1', plural: 'events', namespaced: true },
];
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

/** Without `apiFaults` nobody may add any: the operator and the API server speak to one another directly. */
const NO_FAULTS: SceneApi['faults'] = {
  add() {
    throw new Error('this scene has no faults of the API server: ask createScene for apiFaults');
  },
  active: () => [],
  clear: () => undefined,
  closeWatches: () => 0,
};

function connect({ kubeconfig }: Cluster): Transport & { close(): Promise<void> } {
  const loadKubeConfig = () => parseKubeConfig(kubeconfig);
  return kubeTransport({ clock, metrics: createRuntimeMetrics(), loadKubeConfig });
}

/** A new API server makes the namespaces that it needs by itself, soon. */
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

/** Watches from now on; what the API server says late is told late. Returns how to stop. */
function followReal(transport: Transport, listener: Parameters<Raised['follow']>[0]): () => Promise<void> {
  const reflectors = FOLLOWED.map((resource) => {
    const store = createStore<KubeObject>();
    store.onChange(({ type, object, old }) =>
      listener({
        type: type === 'deleted' ? 'DELETED' : old ? 'MODIFIED' : 'ADDED',
        object: object as unknown as JsonObject,
        ...(old && { previous: old as unknown as JsonObject }),
      }),
    );
    const metrics = createRuntimeMetrics();
    const logger = pino({ level: 'silent' });
    return startReflector({ transport, resource, store, clock, random: systemRandom, logger, metrics });
  });
  return async () => {
    await Promise.all(reflectors.map((reflector) => reflector.stop()));
  };
}

/** On a kube-apiserver of its own, where the operator has the rights of its ServiceAccount and no others. */
export async function raiseReal(access: ClusterAccess, options: SceneOptions): Promise<Raised> {
  let opened: Omit<Raised, 'stack'> | undefined;
  const stack = await startStackOn<SceneApi>(options, async (_folder, onStop) => {
    const cluster = await openCluster(access.dispenser);
    onStop(cluster.stop);
    const transport = connect(cluster);
    onStop(transport.close);
    const kube = kubeClient(transport, { clock });
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
      follow: async (listener) => onStop(followReal(transport, listener)),
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
