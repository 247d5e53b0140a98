/** One right that a part of the operator uses. */
export interface Right {
  group: string;
  /** With its subresource: workspaces/status. */
  resource: string;
  verb: string;
  /** `own`: in the operator's namespace alone. Default: wherever Workspaces are watched. */
  where?: 'own' | 'cluster';
  name?: string;
}

type Given = Omit<Right, 'resource' | 'verb' | 'name'> & { names?: readonly string[] };

function rights(resources: readonly string[], verbs: readonly string[], given: Given): Right[] {
  const { names = [undefined], ...rest } = given;
  return resources.flatMap((resource) =>
    verbs.flatMap((verb) =>
      names.map((name) => ({ ...rest, resource, verb, ...(name === undefined ? {} : { name }) })),
    ),
  );
}

const OURS = 'compute.molecule.ai';
const OWN = { where: 'own' } as const;
const CLUSTER = { where: 'cluster' } as const;
const KEYS = 'workspace-operator-keys';
const LEASE = 'workspace-operator';

/** The controller's rights: as deploy/rbac-split.yaml and rbac-namespaces.yaml grant it, which a test compares. */
export const CONTROLLER_RIGHTS: readonly Right[] = [
  ...rights(['workspaces'], ['list', 'watch'], { group: OURS }),
  ...rights(['workspaceclasses'], ['list', 'watch'], { group: OURS, ...CLUSTER }),
  ...rights(['workspaces', 'workspaces/status'], ['patch'], { group: OURS }),
  ...rights(['workspaceclasses/status'], ['patch'], { group: OURS, ...CLUSTER }),
  ...rights(['secrets'], ['get', 'list', 'watch'], { group: '' }),
  ...rights(['namespaces'], ['list', 'watch'], { group: '', ...CLUSTER }),
  ...rights(['namespaces'], ['get'], { group: '', ...CLUSTER, names: ['kube-system'] }),
  ...rights(['events'], ['create', 'patch'], { group: 'events.k8s.io' }),
  ...rights(['configmaps'], ['create', 'delete', 'get', 'list'], { group: '', ...OWN }),
  ...rights(['events'], ['create', 'patch'], { group: 'events.k8s.io', ...OWN }),
  ...rights(['secrets'], ['create'], { group: '', ...OWN }),
  ...rights(['secrets'], ['get', 'list', 'watch', 'patch'], {
    group: '',
    ...OWN,
    names: [KEYS, 'workspace-operator-launch-keys'],
  }),
  ...rights(['leases'], ['create'], { group: 'coordination.k8s.io', ...OWN }),
  ...rights(['leases'], ['get', 'update'], { group: 'coordination.k8s.io', ...OWN, names: [LEASE] }),
];

/** The gateway's rights; besides these it reads the Secrets of each namespace that has Workspaces. */
export const GATEWAY_RIGHTS: readonly Right[] = [
  ...rights(['workspaces'], ['list', 'watch'], { group: OURS }),
  ...rights(['workspaceclasses'], ['list', 'watch'], { group: OURS, ...CLUSTER }),
  ...rights(['namespaces'], ['get'], { group: '', ...CLUSTER, names: ['kube-system'] }),
  ...rights(['tokenreviews'], ['create'], { group: 'authentication.k8s.io', ...CLUSTER }),
  ...rights(['subjectaccessreviews'], ['create'], { group: 'authorization.k8s.io', ...CLUSTER }),
  ...rights(['configmaps'], ['get', 'list'], { group: '', ...OWN }),
  ...rights(['secrets'], ['get', 'list', 'watch'], { group: '', ...OWN, names: [KEYS] }),
  ...rights(['leases'], ['get'], { group: 'coordination.k8s.io', ...OWN, names: [LEASE] }),
  ...rights(['events'], ['create', 'patch'], { group: 'events.k8s.io', ...OWN }),
];
