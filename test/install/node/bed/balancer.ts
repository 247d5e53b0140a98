import { setTimeout as pause } from 'node:timers/promises';
import type { KubeClient, KubeObject, Resource } from '../../../../src/controller/client/client.ts';
import { isConflict, isNotFound } from '../../../../src/controller/client/errors.ts';
import { startDns } from './dns.ts';
import { BALANCER_IP } from './place.ts';

const SERVICES: Resource = { group: '', version: 'v1', plural: 'services', namespaced: true };
const LOOK_EVERY_MS = 200;

type Service = KubeObject & {
  spec: { type: string; clusterIP?: string };
  status?: { loadBalancer?: { ingress?: unknown[] } };
};

/**
 * Does for Services what a cloud's controller and the cluster's DNS do: one of type LoadBalancer gets an address, which
 * kube-proxy then serves, and each is found by its name.
 */
export async function startBalancer(kube: KubeClient): Promise<() => Promise<void>> {
  const addresses = new Map<string, string>();
  const closeDns = await startDns((name, namespace) => addresses.get(`${namespace}/${name}`));
  let isOver = false;
  const ended = (async () => {
    while (!isOver) {
      await look(kube, addresses).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) console.error('the load balancer failed:', error);
      });
      await pause(LOOK_EVERY_MS);
    }
  })();
  return async () => {
    isOver = true;
    await ended;
    await closeDns();
  };
}

async function look(kube: KubeClient, addresses: Map<string, string>): Promise<void> {
  const { items } = await kube.list<Service>(SERVICES);
  addresses.clear();
  for (const { metadata, spec, status } of items) {
    const { name, namespace } = metadata;
    addresses.set(`${namespace}/${name}`, spec.clusterIP ?? '');
    if (spec.type !== 'LoadBalancer' || status?.loadBalancer?.ingress) continue;
    const patch = { status: { loadBalancer: { ingress: [{ ip: BALANCER_IP }] } } };
    await kube.mergePatch(SERVICES, { name, namespace, subresource: 'status' }, patch);
  }
}
