import { setTimeout as pause } from 'node:timers/promises';
import type { KubeClient, KubeObject, Resource } from '../../../../src/controller/client.ts';
import { isConflict, isNotFound } from '../../../../src/controller/errors.ts';
import { BALANCER_IP } from './place.ts';

const SERVICES: Resource = { group: '', version: 'v1', plural: 'services', namespaced: true };
const LOOK_EVERY_MS = 200;

type Service = KubeObject & {
  spec: { type: string };
  status?: { loadBalancer?: { ingress?: unknown[] } };
};

/** Does what a cloud's controller does: a Service of type LoadBalancer gets an address, which kube-proxy then serves. */
export function startBalancer(kube: KubeClient): () => Promise<void> {
  let isOver = false;
  const ended = (async () => {
    while (!isOver) {
      await serve(kube).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
      await pause(LOOK_EVERY_MS);
    }
  })();
  return () => {
    isOver = true;
    return ended;
  };
}

async function serve(kube: KubeClient): Promise<void> {
  const { items } = await kube.list<Service>(SERVICES);
  for (const { metadata, spec, status } of items) {
    if (spec.type !== 'LoadBalancer' || status?.loadBalancer?.ingress) continue;
    const { name, namespace } = metadata;
    const patch = { status: { loadBalancer: { ingress: [{ ip: BALANCER_IP }] } } };
    await kube.mergePatch(SERVICES, { name, namespace, subresource: 'status' }, patch);
  }
}
