/** Who asks, as authentication found out. */
export interface User {
  username: string;
  uid: string;
  groups: readonly string[];
  extra: Readonly<Record<string, readonly string[]>>;
}

export const MASTERS = 'system:masters';
const AUTHENTICATED = 'system:authenticated';

/** The user of the server's kubeconfig, and of in-process requests. */
export const administrator: User = {
  username: 'administrator',
  uid: 'administrator',
  groups: [MASTERS, AUTHENTICATED],
  extra: {},
};

export function serviceAccountName(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

function groupsOfServiceAccount(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED];
}

export function serviceAccountUser(account: {
  namespace: string;
  name: string;
  uid: string;
  tokenID: string;
}): User {
  const { namespace, name, uid, tokenID } = account;
  return {
    username: serviceAccountName(namespace, name),
    uid,
    groups: groupsOfServiceAccount(namespace),
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${tokenID}`] },
  };
}

/** Somebody whom an administrator speaks for. */
export function impersonated(username: string, groups: readonly string[]): User {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username) ?? [];
  const own = namespace === undefined ? [AUTHENTICATED] : groupsOfServiceAccount(namespace);
  return { username, uid: '', groups: [...new Set([...groups, ...own])], extra: {} };
}
