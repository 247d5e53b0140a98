import type { Resource } from '../../../src/controller/client/client.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';

export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
export const CLASSES: Resource = { ...WORKSPACES, plural: 'workspaceclasses', namespaced: false };
export const NAMESPACE = 'default';

export function classManifest(name: string, spec: Record<string, unknown> = {}) {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name },
    spec: {
      allowedNamespaces: { from: 'All' },
      images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
      instanceTypes: [{ name: 'm7i.large' }, { name: 'm6i.large' }],
      subnets: [{ tags: { workspaces: 'true' } }],
      securityGroups: [{ tags: { workspaces: 'true' } }],
      heartbeat: { periodSeconds: 5, timeoutSeconds: 60 },
      // What one test holds down must not keep another's waiting.
      rollout: { maxUnavailable: '100%' },
      ...spec,
    },
  };
}
