import type { KubeClient, KubeObject, ListOptions, Resource } from './client.ts';
import { listAll } from './kubeClient.ts';

/** The namespaces that this process looks into. */
export interface Scope {
  /** Undefined: all. */
  namespaces: readonly string[] | undefined;
  /** An object, or a tag, without a namespace is in the scope of all alone. */
  covers(namespace: string | undefined): boolean;
}

/** @param list names separated by commas; undefined for all */
export function parseScope(list: string | undefined): Scope {
  if (list === undefined) return { namespaces: undefined, covers: () => true };
  const names = new Set(list.split(',').map((name) => name.trim()));
  return {
    namespaces: Object.freeze([...names]),
    covers: (namespace) => namespace !== undefined && names.has(namespace),
  };
}

/** Every object of a namespaced resource in scope. @throws when one namespace can't be listed: half a list proves nothing. */
export async function listInScope<T extends KubeObject>(
  kube: Pick<KubeClient, 'list'>,
  resource: Resource,
  { namespaces = [undefined] }: { namespaces: readonly (string | undefined)[] | undefined },
  options: Omit<ListOptions, 'namespace'> = {},
): Promise<T[]> {
  const items: T[] = [];
  for (const namespace of namespaces) {
    items.push(...(await listAll<T>(kube, resource, { ...options, namespace })).items);
  }
  return items;
}
