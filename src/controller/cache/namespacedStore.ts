import type { KubeObject } from '../client/client.ts';
import {
  createShared,
  createStorePart,
  objectKey,
  type ReflectedStore,
  type Store,
  type StoreOptions,
} from './store.ts';

export interface NamespacedStore<T extends KubeObject> {
  store: Store<T>;
  /** By namespace; each has a reflector of its own. */
  parts: ReadonlyMap<string, ReflectedStore<T>>;
}

/** The objects of some namespaces. A list of one namespace is no evidence about another. Ignores objects of other namespaces. */
export function createNamespacedStore<T extends KubeObject>(
  namespaces: readonly string[],
  options: StoreOptions<T> = {},
): NamespacedStore<T> {
  const shared = createShared(options);
  const parts = new Map(namespaces.map((namespace) => [namespace, createStorePart(shared)]));
  const all = () => [...parts.values()];
  const partOf = (key: string) => parts.get(key.slice(0, key.indexOf('/')));
  const get = (key: string) => partOf(key)?.get(key);
  return {
    parts,
    store: {
      get,
      byIndex: shared.byIndex(get),
      onChange: shared.onChange,
      list: () => all().flatMap((part) => part.list()),
      keys: () => all().flatMap((part) => part.keys()),
      size: () => all().reduce((sum, part) => sum + part.size(), 0),
      applyWrite: (object) => partOf(objectKey(object))?.applyWrite(object) ?? false,
      applyDelete: (object) => partOf(objectKey(object))?.applyDelete(object) ?? false,
    },
  };
}
