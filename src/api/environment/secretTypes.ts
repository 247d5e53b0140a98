/**
 * Secrets of these types hold credentials of the cluster itself. Through a Workspace, anyone who may create one could read such a
 * Secret without the right to, and carry it out of the cluster.
 */
const REFUSED_TYPES: readonly string[] = [
  'kubernetes.io/service-account-token',
  'bootstrap.kubernetes.io/token',
];

/** A Secret whose content is not for instances. The message names it and its type, never what it holds. */
export class SecretRefused extends Error {
  override name = 'SecretRefused';
}

/** @throws SecretRefused for one that holds a credential of the cluster */
export function refuseType(secret: string, type: string | undefined): void {
  if (type !== undefined && REFUSED_TYPES.includes(type))
    throw new SecretRefused(`Secret "${secret}" is of type ${type}`);
}
