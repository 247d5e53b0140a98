import { initialNamespaces, namespaceDefinition, namespaceStorage } from './builtins/namespace.ts';
import type { Core } from './cluster/core.ts';
import { objectKey } from './storage/store.ts';
import { create } from './verbs/writes.ts';

/** The namespaces that every cluster has. */
export function createInitialNamespaces(core: Core): void {
  const options = {
    dryRun: false,
    fieldManager: 'kube-apiserver',
    fieldValidation: 'Strict' as const,
    warn: () => undefined,
  };
  for (const name of initialNamespaces) {
    if (core.store.get(namespaceStorage, objectKey('', name)) !== undefined) continue;
    create(
      core,
      { definition: namespaceDefinition, namespace: '', name: '' },
      { metadata: { name } },
      options,
    );
  }
}
