import { configMapDefinition } from '../builtins/configMap.ts';
import { crdDefinition, crdStorage } from '../builtins/crd.ts';
import { coreEventDefinition, eventsEventDefinition } from '../builtins/event.ts';
import { leaseDefinition } from '../builtins/lease.ts';
import { namespaceDefinition } from '../builtins/namespace.ts';
import { rbacDefinitions } from '../builtins/rbac.ts';
import { reviewInfos } from '../builtins/reviewKinds.ts';
import { secretDefinition } from '../builtins/secret.ts';
import { serviceAccountDefinition } from '../builtins/serviceAccount.ts';
import { compileCrd } from '../kinds/compileCrd.ts';
import { customResourceDefinition } from '../kinds/customResource.ts';
import type { Definition } from '../kinds/definition.ts';
import type { Store } from '../storage/store.ts';
import { metaOf, objectAt, stringAt } from '../values/json.ts';
import type { JsonObject, KindInfo } from '../values/kinds.ts';

const builtins: readonly Definition[] = [
  namespaceDefinition,
  secretDefinition,
  configMapDefinition,
  coreEventDefinition,
  serviceAccountDefinition,
  leaseDefinition,
  eventsEventDefinition,
  crdDefinition,
  ...rbacDefinitions,
];

/** What is served at the moment: the compiled-in kinds, and those of the CustomResourceDefinitions in the store. */
export interface Registry {
  find(group: string, version: string, plural: string): Definition | undefined;
  definitions(): readonly Definition[];
  /** What discovery lists: those, and the reviews. */
  kinds(): readonly KindInfo[];
  /** Those that a CustomResourceDefinition brought, one a version. */
  definitionsOf(crdName: string): readonly Definition[];
}

/**
 * By spec, which is frozen: servers that begin from one dump, as a simulator's do by the thousand, compile its
 * definitions once.
 */
const compiled = new WeakMap<JsonObject, readonly Definition[]>();

function definitionsFor(crd: JsonObject): readonly Definition[] {
  const spec = objectAt(crd, 'spec');
  let definitions = compiled.get(spec);
  if (definitions === undefined) {
    definitions = compileCrd(crd).map(customResourceDefinition);
    compiled.set(spec, definitions);
  }
  return definitions;
}

function path(info: KindInfo): string {
  return `${info.group}/${info.version}/${info.plural}`;
}

/** Follows the store for as long as the store lives. */
export function createRegistry(store: Store): Registry {
  const custom = new Map<string, { spec: unknown; definitions: readonly Definition[] }>();
  let all: readonly Definition[] = builtins;
  let byPath = new Map(all.map((definition) => [path(definition.info), definition]));

  const rebuild = (): void => {
    all = [...builtins, ...[...custom.values()].flatMap(({ definitions }) => definitions)];
    byPath = new Map(all.map((definition) => [path(definition.info), definition]));
  };
  const admit = (crd: JsonObject): void => {
    const name = stringAt(metaOf(crd), 'name');
    // Status writes, and there are some with each definition, change nothing of what is served.
    if (custom.get(name)?.spec === crd.spec) return;
    custom.set(name, { spec: crd.spec, definitions: definitionsFor(crd) });
  };
  const reload = (): void => {
    custom.clear();
    for (const [, crd] of store.list(crdStorage)) admit(crd);
    rebuild();
  };
  store.subscribe(crdStorage, {
    change({ type, object }) {
      if (type === 'DELETED') custom.delete(stringAt(metaOf(object), 'name'));
      else admit(object);
      rebuild();
    },
    reset: reload,
  });
  reload();

  return {
    find: (group, version, plural) => byPath.get(`${group}/${version}/${plural}`),
    definitions: () => all,
    kinds: () => [...all.map(({ info }) => info), ...reviewInfos],
    definitionsOf: (crdName) => custom.get(crdName)?.definitions ?? [],
  };
}
