import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { followCluster } from '../../cluster/real/followCluster.ts';
import { createKubectl, type Kubectl } from '../../kubectl/kubectl.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import type { Raised, SceneOptions } from '../../scenarios/scene/raised.ts';
import { createSceneOn, type Scene } from '../../scenarios/scene/scene.ts';
import { until } from '../../scenarios/scene/until.ts';
import { addWitness } from '../../scenarios/scene/witness.ts';
import { type Bed, theBed } from './bed/bed.ts';
import { type Ground, prepareGround } from './ground.ts';
import { createHelm, type Helm, RELEASE } from './helm.ts';

/** The chart, installed on the node, and what its pods work on. */
export interface NodeScene extends Scene, Pick<Ground, 'doors' | 'values' | 'connection'> {
  bed: Bed;
  helm: Helm;
  kubectl: Kubectl;
}

interface RaisedOnNode extends Raised, Pick<Ground, 'doors' | 'values' | 'connection'> {
  bed: Bed;
  helm: Helm;
  kubectl: Kubectl;
}

/** @param install what installs the chart, into an empty cluster */
export function createNodeScene(
  install: (scene: Installing) => Promise<unknown> = byHelm,
  options: Partial<SceneOptions> = {},
): Promise<NodeScene> {
  return createSceneOn((all) => raiseOnNode(theBed(), all, install), options);
}

type Installing = Pick<NodeScene, 'helm' | 'values'>;

function byHelm({ helm, values }: Installing): Promise<string> {
  return helm.apply('install', values);
}

async function raiseOnNode(
  bed: Bed,
  options: SceneOptions,
  install: (scene: Installing) => Promise<unknown>,
): Promise<RaisedOnNode> {
  const ground = await prepareGround(bed, options);
  const { connection, doors, stack, values } = ground;
  const helm = await createHelm(bed, 4, OPERATOR_NAMESPACE);
  const kubectl = await createKubectl(bed.kubectl, bed.kubeconfig);
  addWitness(podWitness(bed));
  const stops: (() => Promise<unknown>)[] = [];
  const raised: RaisedOnNode = {
    bed,
    helm,
    kubectl,
    doors,
    values,
    connection,
    stack: { ...stack, stop },
    kube: connection.kube,
    cluster: undefined,
    adminKubeconfig: bed.kubeconfig,
    operatorKubeconfig: () => Promise.reject(new Error('here operators are pods')),
    history: () => Promise.reject(new Error('etcd is not read here')),
    follow: async (listener) => void stops.push(followCluster(connection.transport, listener)),
  };
  try {
    await install(raised);
    return raised;
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    await clear(raised);
    for (const step of stops) await step();
    await helm.close();
    await kubectl.close();
    await stack.stop();
  }
}

/** What is in the operator's namespace besides what Helm takes out. */
const MADE = 'jobs,secrets,configmaps,leases,roles,rolebindings,serviceaccounts,events';

/**
 * Deletes what a scene made, and with it every instance; the next one finds an empty cluster. What an uninstall waits for,
 * and what refuses one, has a test of its own.
 */
async function clear({ connection: { kube }, helm, kubectl }: RaisedOnNode): Promise<void> {
  await kubectl.run(['uncordon', '--all']);
  await kubectl.run(['delete', 'wks', '--all', '-n', NAMESPACE, '--wait=false']);
  try {
    await until(
      'all Workspaces are gone',
      async () => (await kube.list(WORKSPACES).catch(() => ({ items: [] }))).items.length === 0,
    );
  } finally {
    await kubectl.run(['delete', 'wksc', '--all']);
    await helm.run('uninstall', RELEASE, '--no-hooks', '--ignore-not-found');
    await kubectl.run(['delete', 'pods', '--all', '-n', OPERATOR_NAMESPACE, '--force', '--grace-period=0']);
    // The namespace stays, as its end takes five seconds: that it ends is shown in parts/uninstall.ts.
    await kubectl.run(['delete', MADE, '--all', '-n', OPERATOR_NAMESPACE]);
    // A release keeps them, and with them who wrote what.
    await kubectl.run(['delete', 'crd', '--all']);
  }
}

/** What a failing test shows of the pods. */
function podWitness(bed: Bed) {
  const kubeconfig = join(bed.logs, 'kubeconfig-witness');
  writeFileSync(kubeconfig, bed.kubeconfig, { mode: 0o600 });
  const ask = (...args: string[]) => {
    try {
      return execFileSync(bed.kubectl, ['--kubeconfig', kubeconfig, '-n', OPERATOR_NAMESPACE, ...args], {
        encoding: 'utf8',
        timeout: 10_000,
      });
    } catch (error) {
      return String(error);
    }
  };
  const logs = (part: string) =>
    ask('logs', '-l', `app.kubernetes.io/component=${part}`, '--prefix', '--tail', '15', '--ignore-errors');
  return {
    glance: () => ask('get', 'pods,lease', '-o', 'wide'),
    timeline: () => `${ask('get', 'events')}\n${logs('controller')}\n${logs('gateway')}`,
  };
}
