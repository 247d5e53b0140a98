import { metaOf, objectAt, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import type { Api } from './api.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

export interface Account {
  namespace: string;
  name: string;
  username: string;
  uid: string;
}

export async function serviceAccount(api: Api, namespace: string, name = 'bot'): Promise<Account> {
  const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
  const made = await api.ok('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, body);
  const username = `system:serviceaccount:${namespace}:${name}`;
  return { namespace, name, username, uid: stringAt(metaOf(made), 'uid') };
}

/** Asks for a token. */
export function requestToken(api: Api, { namespace, name }: Account, spec: JsonObject = {}) {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  return api.call('POST', path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec });
}

export async function tokenOf(api: Api, account: Account, spec: JsonObject = {}): Promise<string> {
  const { status, body } = await requestToken(api, account, spec);
  if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`);
  return stringAt(objectAt(body, 'status'), 'token');
}

/** A Role and its binding in the account's namespace. */
export async function grant(api: Api, account: Account, ...rules: JsonObject[]): Promise<void> {
  const { namespace, name } = account;
  const at = `${RBAC}/namespaces/${namespace}`;
  const named = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
  await api.ok('POST', `${at}/roles`, { ...named, kind: 'Role', rules });
  await api.ok('POST', `${at}/rolebindings`, {
    ...named,
    kind: 'RoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  });
}

export function review(
  kind: 'TokenReview' | 'SelfSubjectReview',
  spec: JsonObject = {},
): [path: string, body: JsonObject] {
  const apiVersion = 'authentication.k8s.io/v1';
  return [`${AUTHENTICATION}/${kind.toLowerCase()}s`, { apiVersion, kind, spec }];
}

export function accessReview(
  kind: 'SubjectAccessReview' | 'SelfSubjectAccessReview' | 'SelfSubjectRulesReview',
  spec: JsonObject = {},
): [path: string, body: JsonObject] {
  const apiVersion = 'authorization.k8s.io/v1';
  return [`${AUTHORIZATION}/${kind.toLowerCase()}s`, { apiVersion, kind, spec }];
}

/** Puts a review; its status. */
export async function asked(api: Api, [path, body]: [string, JsonObject]): Promise<JsonObject> {
  const { status, body: answer } = await api.call('POST', path, body);
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(answer)}`);
  return objectAt(answer, 'status');
}
