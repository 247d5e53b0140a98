import { invalidValue, notSupported, required } from '../errors/causes.ts';
import { type Definition, plainDefinition, type Strategy } from '../kinds/definition.ts';
import type { NameRule } from '../schema/objectMeta.ts';
import { equal, objectAt, objectsAt, stringAt, stringsAt } from '../values/json.ts';
import type { FieldCause, JsonObject } from '../values/kinds.ts';
import type { Shape } from '../values/shapes.ts';
import { builtinInfo, builtinStrategy, decoder } from './builtin.ts';

export const rbacStorage = {
  roles: 'rbac.authorization.k8s.io/roles',
  roleBindings: 'rbac.authorization.k8s.io/rolebindings',
  clusterRoles: 'rbac.authorization.k8s.io/clusterroles',
  clusterRoleBindings: 'rbac.authorization.k8s.io/clusterrolebindings',
} as const;

const GROUP = 'rbac.authorization.k8s.io';

const rules: Shape = {
  list: {
    fields: {
      verbs: { list: 'string' },
      apiGroups: { list: 'string' },
      resources: { list: 'string' },
      resourceNames: { list: 'string' },
      nonResourceURLs: { list: 'string' },
    },
  },
};
const subjects: Shape = {
  list: { fields: { kind: 'string', apiGroup: 'string', name: 'string', namespace: 'string' } },
};
const roleRef: Shape = { fields: { apiGroup: 'string', kind: 'string', name: 'string' } };

/** Names like system:basic-user are names here. */
const isPathSegment: NameRule = (name) =>
  name === '.' || name === '..' || /[/%]/.test(name)
    ? "may not be '.' or '..', or contain '/' or '%'"
    : undefined;

function ruleCauses(object: JsonObject, namespaced: boolean): FieldCause[] {
  return objectsAt(object, 'rules').flatMap((rule, index) => {
    const at = `rules[${index}]`;
    const causes =
      stringsAt(rule, 'verbs').length === 0
        ? [required(`${at}.verbs`, 'verbs must contain at least one value')]
        : [];
    if (stringsAt(rule, 'nonResourceURLs').length > 0) {
      const why = 'namespaced rules cannot apply to non-resource URLs';
      return namespaced
        ? [...causes, invalidValue(`${at}.nonResourceURLs`, rule.nonResourceURLs, why)]
        : causes;
    }
    for (const [field, what] of [
      ['apiGroups', 'resource rules must supply at least one api group'],
      ['resources', 'resource rules must supply at least one resource'],
    ] as const) {
      if (stringsAt(rule, field).length === 0) causes.push(required(`${at}.${field}`, what));
    }
    return causes;
  });
}

function bindingCauses(object: JsonObject, namespaced: boolean, old?: JsonObject): FieldCause[] {
  const ref = objectAt(object, 'roleRef');
  const kinds = namespaced ? ['ClusterRole', 'Role'] : ['ClusterRole'];
  const causes: FieldCause[] = [];
  if (ref.apiGroup !== GROUP) causes.push(notSupported('roleRef.apiGroup', ref.apiGroup ?? '', [GROUP]));
  if (!kinds.includes(stringAt(ref, 'kind')))
    causes.push(notSupported('roleRef.kind', ref.kind ?? '', kinds));
  if (stringAt(ref, 'name') === '') causes.push(required('roleRef.name'));
  if (old !== undefined && !equal(ref, old.roleRef))
    causes.push(invalidValue('roleRef', ref, 'cannot change roleRef'));
  objectsAt(object, 'subjects').forEach((subject, index) => {
    const known = ['Group', 'ServiceAccount', 'User'];
    if (!known.includes(stringAt(subject, 'kind')))
      causes.push(notSupported(`subjects[${index}].kind`, subject.kind ?? '', known));
    if (stringAt(subject, 'name') === '') causes.push(required(`subjects[${index}].name`));
    if (subject.kind === 'ServiceAccount' && stringAt(subject, 'namespace') === '')
      causes.push(required(`subjects[${index}].namespace`));
  });
  return causes;
}

/** Groups that go without saying. */
function withGroups(object: JsonObject): JsonObject {
  const ref = objectAt(object, 'roleRef');
  const named = objectsAt(object, 'subjects').map((subject) =>
    subject.kind === 'User' || subject.kind === 'Group' ? { apiGroup: GROUP, ...subject } : subject,
  );
  return {
    ...object,
    ...(named.length === 0 ? {} : { subjects: named }),
    roleRef: stringAt(ref, 'apiGroup') === '' ? { ...ref, apiGroup: GROUP } : ref,
  };
}

function role(kind: string, plural: string, storage: string, namespaced: boolean): Definition {
  const info = builtinInfo(GROUP, 'v1', kind, { plural, namespaced });
  // Written even when there are none.
  const shown = (object: JsonObject): JsonObject => ({ ...object, rules: object.rules ?? null });
  const strategy = builtinStrategy(
    decoder(info, { rules, ...(namespaced ? {} : { aggregationRule: 'any' as const }) }),
    {
      complete: shown,
      empty: { rules: null },
      nameRule: isPathSegment,
      createOnUpdate: true,
      validate: (object) => ruleCauses(object, namespaced),
    },
  );
  return plainDefinition(info, storage, strategy, true);
}

function binding(kind: string, plural: string, storage: string, namespaced: boolean): Definition {
  const info = builtinInfo(GROUP, 'v1', kind, { plural, namespaced });
  const decode = decoder(info, { subjects, roleRef });
  const rest: Partial<Strategy> = {
    nameRule: isPathSegment,
    createOnUpdate: true,
    validate: (object, old) => bindingCauses(object, namespaced, old),
    mergeRules: {
      byKey: { 'metadata.ownerReferences': 'uid' },
      sets: ['metadata.finalizers'],
      atomic: ['roleRef'],
    },
    empty: { roleRef: {} },
  };
  const admit: Strategy['admit'] = (object) => {
    const { object: decoded, unknown } = decode.admit(object);
    return { object: withGroups(decoded), unknown };
  };
  return plainDefinition(info, storage, builtinStrategy({ ...decode, admit }, rest), true);
}

export const rbacDefinitions: readonly Definition[] = [
  role('Role', 'roles', rbacStorage.roles, true),
  role('ClusterRole', 'clusterroles', rbacStorage.clusterRoles, false),
  binding('RoleBinding', 'rolebindings', rbacStorage.roleBindings, true),
  binding('ClusterRoleBinding', 'clusterrolebindings', rbacStorage.clusterRoleBindings, false),
];
