import type { KubeClient, KubeObject, Resource, WriteOptions } from '../client/client.ts';

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  namespaced: true,
};

/** coordination.k8s.io/v1; times are MicroTime. */
export interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number | null;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number | null;
  };
}

export interface LeaseTarget {
  namespace: string;
  name: string;
}

/** MicroTime wants six digits: the API server refuses three. @param micros 0 to 999, after the whole ms */
export function microTime(epochMs: number, micros = 0): string {
  return new Date(epochMs).toISOString().replace(/Z$/, `${String(micros).padStart(3, '0')}Z`);
}

/** The first holder's lease; fails with AlreadyExists when another was first. */
export function createLease(
  client: KubeClient,
  target: LeaseTarget,
  spec: Lease['spec'],
  options?: WriteOptions,
): Promise<Lease> {
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: target, spec };
  return client.create<Lease>(LEASES, body, target.namespace, options);
}

/** A compare-and-swap by the resourceVersion of `lease`; fields that are not ours stay. */
export function replaceLease(
  client: KubeClient,
  lease: Lease,
  spec: Lease['spec'],
  options?: WriteOptions,
): Promise<Lease> {
  const body: Lease = {
    ...lease,
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    spec: { ...lease.spec, ...spec },
  };
  return client.replace<Lease>(LEASES, body, options);
}
