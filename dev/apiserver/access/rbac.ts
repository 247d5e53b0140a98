import { rbacStorage } from '../builtins/rbac.ts';
import { MASTERS, serviceAccountName, type User } from '../request/user.ts';
import { objectKey, type Store } from '../storage/store.ts';
import { metaOf, objectAt, objectsAt, stringAt, stringsAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

/** What somebody may do; as a PolicyRule. */
export interface Rule {
  verbs: readonly string[];
  apiGroups: readonly string[];
  /** With subresources: workspaces/status. */
  resources: readonly string[];
  /** Empty: all of them. */
  resourceNames: readonly string[];
  nonResourceURLs: readonly string[];
}

/** What is asked for: a verb on a resource, or on a path that is none. */
export type Attempt =
  | {
      verb: string;
      group: string;
      resource: string;
      subresource: string;
      /** '' for cluster-scoped resources and for all namespaces. */
      namespace: string;
      name: string;
    }
  | { verb: string; path: string };

const nothing: Omit<Rule, 'verbs'> = {
  apiGroups: [],
  resources: [],
  resourceNames: [],
  nonResourceURLs: [],
};
const everything: Rule[] = [
  { ...nothing, verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { ...nothing, verbs: ['*'], nonResourceURLs: ['*'] },
];
const looking = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const discovering = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];

/** What every cluster lets all that it knows do: look around, and ask who they are. */
const basic: Rule[] = [
  {
    ...nothing,
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  {
    ...nothing,
    verbs: ['create'],
    apiGroups: ['authentication.k8s.io'],
    resources: ['selfsubjectreviews'],
  },
  { ...nothing, verbs: ['get'], nonResourceURLs: [...discovering, ...looking] },
];

function ruleOf(object: JsonObject): Rule {
  return {
    verbs: stringsAt(object, 'verbs'),
    apiGroups: stringsAt(object, 'apiGroups'),
    resources: stringsAt(object, 'resources'),
    resourceNames: stringsAt(object, 'resourceNames'),
    nonResourceURLs: stringsAt(object, 'nonResourceURLs'),
  };
}

function isAmong(user: User, subject: JsonObject): boolean {
  const name = stringAt(subject, 'name');
  switch (subject.kind) {
    case 'User':
      return name === user.username;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount':
      return serviceAccountName(stringAt(subject, 'namespace'), name) === user.username;
    default:
      return false;
  }
}

function rulesOfRole(store: Store, namespace: string, roleRef: JsonObject): Rule[] {
  const name = stringAt(roleRef, 'name');
  if (roleRef.kind === 'ClusterRole' && name === 'cluster-admin') return everything;
  const role =
    roleRef.kind === 'ClusterRole'
      ? store.get(rbacStorage.clusterRoles, objectKey('', name))
      : store.get(rbacStorage.roles, objectKey(namespace, name));
  return objectsAt(role, 'rules').map(ruleOf);
}

function boundRules(store: Store, user: User, bindings: readonly JsonObject[], namespace: string): Rule[] {
  return bindings
    .filter((binding) => objectsAt(binding, 'subjects').some((subject) => isAmong(user, subject)))
    .flatMap((binding) => rulesOfRole(store, namespace, objectAt(binding, 'roleRef')));
}

/** All that somebody may do in a namespace, or outside of any ('' ). */
export function rulesFor(store: Store, user: User, namespace: string): Rule[] {
  const known = user.groups.includes('system:authenticated') ? basic : [];
  const masterly = user.groups.includes(MASTERS) ? everything : [];
  const all = store.list(rbacStorage.clusterRoleBindings).map(([, binding]) => binding);
  const here = store
    .list(rbacStorage.roleBindings)
    .map(([, binding]) => binding)
    .filter((binding) => namespace !== '' && stringAt(metaOf(binding), 'namespace') === namespace);
  return [
    ...masterly,
    ...known,
    ...boundRules(store, user, all, namespace),
    ...boundRules(store, user, here, namespace),
  ];
}

function covers(wanted: string, granted: readonly string[]): boolean {
  return granted.includes('*') || granted.includes(wanted);
}

function allows(rule: Rule, attempt: Attempt): boolean {
  if (!covers(attempt.verb, rule.verbs)) return false;
  if ('path' in attempt) {
    const { path } = attempt;
    return rule.nonResourceURLs.some((url) =>
      url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path,
    );
  }
  const { group, resource, subresource, name } = attempt;
  const asked = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  return (
    covers(group, rule.apiGroups) &&
    (rule.resources.includes('*') || asked.some((each) => rule.resources.includes(each))) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

export function mayDo(store: Store, user: User, attempt: Attempt): boolean {
  if (user.groups.includes(MASTERS)) return true;
  const namespace = 'path' in attempt ? '' : attempt.namespace;
  return rulesFor(store, user, namespace).some((rule) => allows(rule, attempt));
}
