import type { TestProject } from 'vitest/node';
import type { KubeObject } from '../../../src/controller/client/client.ts';
import { type Connection, connect } from '../../cluster/real/connect.ts';
import { until } from '../../scenarios/scene/until.ts';
import { startBalancer } from './bed/balancer.ts';
import type { Bed } from './bed/bed.ts';
import { startControlPlane } from './bed/controlPlane.ts';
import { nodeName, startNode } from './bed/kubelet.ts';
import { startMounts } from './bed/mounts.ts';
import { startNetwork } from './bed/network.ts';
import { startServices } from './bed/services.ts';
import { type Prepared, preparedIn } from './prepared.ts';

const NODES = { group: '', version: 'v1', plural: 'nodes', namespaced: false } as const;
type Node = KubeObject & { status?: { conditions?: { type: string; status: string }[] } };

/** One cluster of two nodes for all tests of a run, inside the namespaces that run.ts made. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const prepared = preparedIn(process.env);
  if (typeof prepared === 'string') {
    console.error(`No node here: ${prepared}. Its tests are skipped.`);
    project.provide('bed', prepared);
    return async () => undefined;
  }
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    project.provide('bed', await start(prepared, (step) => stops.push(step)));
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(prepared: Prepared, onStop: (stop: () => Promise<void>) => void): Promise<Bed> {
  const { folder, binaries, programs, image, archives, cgroup, helm, older } = prepared;
  await startMounts(folder);
  await startNetwork();
  const plane = await startControlPlane(folder, binaries, programs, ({ stop }) => onStop(stop));
  const { kubeconfigPath, ...rest } = plane;
  const node = { kubelet: programs.kubelet, kubeconfig: kubeconfigPath, folder, cgroup, archives };
  const nodes = await Promise.all([1, 2].map((number) => startNode({ ...node, number })));
  for (const { stop } of nodes) onStop(stop);
  const connection = connect(plane.kubeconfig);
  onStop(connection.close);
  onStop(await startBalancer(connection.kube));
  await untilReady(connection);
  // kube-router ends where it finds no node of its name.
  for (const { stop } of await startServices(folder, kubeconfigPath, programs)) onStop(stop);
  const { kubectl } = binaries;
  return { ...rest, image, older, kubectl, helm, logs: folder };
}

async function untilReady({ kube }: Connection): Promise<void> {
  for (const number of [1, 2]) {
    await until(`${nodeName(number)} is Ready`, async () => {
      const { items } = await kube.list<Node>(NODES);
      const conditions = items.find(({ metadata }) => metadata.name === nodeName(number))?.status?.conditions;
      return conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    });
  }
}
