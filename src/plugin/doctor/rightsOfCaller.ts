/** One right of a person who uses the plugin. */
export interface Right {
  verb: string;
  group: string;
  resource: string;
  /** In the operator's namespace; or wherever Workspaces are. */
  where: 'operator' | 'workspaces';
  /** The subcommands that need it. */
  by: readonly string[];
}

const ASKS = ['restart', 'stop', 'start', 'pause', 'resume'];
const ours = { group: 'compute.molecule.ai', where: 'workspaces' } as const;
const own = { where: 'operator' } as const;

/** As docs/plugin.md has them, which a test compares. */
export const RIGHTS: readonly Right[] = [
  { ...ours, verb: 'get', resource: 'workspaces', by: ['status', 'why', 'logs', 'ssh', 'canary', ...ASKS] },
  { ...ours, verb: 'list', resource: 'workspaces', by: ['status', 'dashboard', 'support-bundle'] },
  { ...ours, verb: 'watch', resource: 'workspaces', by: ['dashboard'] },
  { ...ours, verb: 'patch', resource: 'workspaces', by: ['canary', ...ASKS] },
  { ...ours, verb: 'create', resource: 'workspaces', by: ['canary'] },
  { ...ours, verb: 'delete', resource: 'workspaces', by: ['canary'] },
  { ...ours, verb: 'get', resource: 'workspaceclasses', by: ['rollout'] },
  { ...ours, verb: 'list', resource: 'workspaceclasses', by: ['doctor', 'dashboard', 'support-bundle'] },
  { ...ours, verb: 'watch', resource: 'workspaceclasses', by: ['dashboard'] },
  { ...ours, verb: 'list', group: '', resource: 'events', by: ['dashboard'] },
  { ...ours, verb: 'list', group: 'events.k8s.io', resource: 'events', by: ['support-bundle'] },
  { ...own, verb: 'list', group: 'apps', resource: 'deployments', by: ['doctor', 'support-bundle'] },
  { ...own, verb: 'get', group: '', resource: 'pods', by: ['doctor', 'support-bundle'] },
  { ...own, verb: 'list', group: '', resource: 'pods', by: ['doctor', 'support-bundle'] },
  { ...own, verb: 'get', group: '', resource: 'configmaps', by: ['doctor'] },
  { ...own, verb: 'get', group: 'coordination.k8s.io', resource: 'leases', by: ['doctor'] },
  { ...own, verb: 'list', group: '', resource: 'configmaps', by: ['support-bundle'] },
  { ...own, verb: 'list', group: 'coordination.k8s.io', resource: 'leases', by: ['support-bundle'] },
  { ...own, verb: 'get', group: '', resource: 'pods/log', by: ['support-bundle'] },
  { ...own, verb: 'get', group: '', resource: 'pods/proxy', by: ['support-bundle'] },
  { ...own, verb: 'list', group: '', resource: 'secrets', by: ['support-bundle'] },
  { ...own, verb: 'create', group: '', resource: 'pods/exec', by: ['doctor'] },
  { ...own, verb: 'get', group: '', resource: 'pods/exec', by: ['doctor'] },
];

/** The subcommands that need any of the rights. */
export function subcommandsOf(rights: readonly Right[]): string[] {
  return [...new Set(rights.flatMap(({ by }) => by))].sort();
}
