import type { JsonObject } from '../values/kinds.ts';
import { flag, list, map, object, string } from './schemaParts.ts';

const strings = (description: string): JsonObject => list({ type: 'string' }, description);

const policyRule = object(
  'What is allowed.',
  {
    verbs: strings('What may be done: get, list, watch, create, …, or * for everything.'),
    apiGroups: strings('Groups of the resources; the empty one is the core group.'),
    resources: strings('Resources by their plural names, subresources after a slash.'),
    resourceNames: strings('Names that it is restricted to; empty for all.'),
    nonResourceURLs: strings('Paths that are no resources, for rules of cluster roles.'),
  },
  ['verbs'],
);
const subject = object(
  'Somebody who is bound to the role.',
  {
    kind: string('User, Group or ServiceAccount.'),
    apiGroup: string('Group of the kind; empty for a ServiceAccount.'),
    name: string('Name of the subject.'),
    namespace: string('Namespace of a ServiceAccount.'),
  },
  ['kind', 'name'],
);
const roleRef = object('The role; it cannot be changed.', {
  apiGroup: string('Group of the role.'),
  kind: string('Role or ClusterRole.'),
  name: string('Name of the role.'),
});

const role = (description: string): JsonObject =>
  object(description, { rules: list(policyRule, 'What the role allows.') });
const binding = (description: string): JsonObject =>
  object(description, { subjects: list(subject, 'Who has the role.'), roleRef }, ['roleRef']);

const attributes: JsonObject = {
  resourceAttributes: object('A request for a resource.', {
    namespace: string('Namespace of the object; empty for cluster-scoped ones and for all.'),
    verb: string('What is to be done.'),
    group: string('Group of the resource.'),
    version: string('Version of the resource.'),
    resource: string('Plural name of the resource.'),
    subresource: string('Subresource, if one is meant.'),
    name: string('Name of the object; empty for all.'),
  }),
  nonResourceAttributes: object('A request for a path that is no resource.', {
    path: string('The path.'),
    verb: string('What is to be done.'),
  }),
};
const decision = object('The answer.', {
  allowed: flag('Whether it is allowed.'),
  reason: string('Why.'),
});
const user = object('Somebody, as authentication found out.', {
  username: string('Name that authorization goes by.'),
  uid: string('Tells bearers of one name apart.'),
  groups: strings('Groups that the user is in.'),
  extra: map({ type: 'array', items: { type: 'string' } }, 'What else is known.'),
});
const subjectAccess = (description: string): JsonObject =>
  object(description, {
    spec: object('Who, and what.', {
      ...attributes,
      user: string('Name of the user.'),
      groups: strings('Groups of the user.'),
      uid: string('UID of the user.'),
    }),
    status: decision,
  });

/** Roles, and the reviews that ask about them. */
export const accessSchemas: Readonly<Record<string, JsonObject>> = {
  'rbac.authorization.k8s.io/Role': role('Rights within a namespace.'),
  'rbac.authorization.k8s.io/ClusterRole': role('Rights in all namespaces, or in those where it is bound.'),
  'rbac.authorization.k8s.io/RoleBinding': binding('Gives a role within a namespace.'),
  'rbac.authorization.k8s.io/ClusterRoleBinding': binding('Gives a cluster role everywhere.'),
  'authentication.k8s.io/TokenReview': object('Asks whose a token is.', {
    spec: object('The token.', {
      token: string('The bearer token.'),
      audiences: strings('Whom it must be for, one of them; by default the API server.'),
    }),
    status: object('The answer.', {
      authenticated: flag('Whether the token is anybody’s.'),
      user,
      audiences: strings('Those asked for that it is good for.'),
      error: string('Why the token was not authenticated.'),
    }),
  }),
  'authentication.k8s.io/SelfSubjectReview': object('Asks who asks.', {
    status: object('The answer.', { userInfo: user }),
  }),
  'authorization.k8s.io/SubjectAccessReview': subjectAccess('Asks whether somebody may do something.'),
  'authorization.k8s.io/LocalSubjectAccessReview': subjectAccess(
    'Asks whether somebody may do something in a namespace.',
  ),
  'authorization.k8s.io/SelfSubjectAccessReview': object('Asks whether the asker may do something.', {
    spec: object('What.', attributes),
    status: decision,
  }),
  'authorization.k8s.io/SelfSubjectRulesReview': object('Asks what the asker may do in a namespace.', {
    spec: object('Where.', { namespace: string('The namespace.') }),
    status: object('The answer.', {
      resourceRules: list(policyRule, 'Rights on resources.'),
      nonResourceRules: list(policyRule, 'Rights on paths.'),
      incomplete: flag('Whether there may be more.'),
    }),
  }),
};
