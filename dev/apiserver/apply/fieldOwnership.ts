import { type Core, type Target, timestamp } from '../cluster/core.ts';
import { type Managed, managedBefore } from '../fields/managed.ts';
import { type FieldView, type OwnedWrite, ownedByUpdate } from '../fields/ownership.ts';
import { apiVersionOf, type Definition, type Subresource } from '../kinds/definition.ts';
import { metaOf, stringAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

/** The versions in which a kind's fields may be owned. */
export function viewsOf(core: Core, definition: Definition): OwnedWrite['viewOf'] {
  return (apiVersion): FieldView | undefined => {
    if (apiVersion === apiVersionOf(definition.info)) {
      return { schema: definition.strategy.fields, view: (object) => object };
    }
    const other = core.registry
      .definitions()
      .find(({ storage, info }) => storage === definition.storage && apiVersionOf(info) === apiVersion);
    if (other === undefined) return undefined;
    return {
      schema: other.strategy.fields,
      view: (object) => other.fromStorage(definition.toStorage(object)),
    };
  };
}

/** A new object before anything of it is set. */
export function emptyObject({ info, strategy }: Definition): JsonObject {
  return { ...strategy.empty, apiVersion: apiVersionOf(info), kind: info.kind, metadata: {} };
}

interface Write {
  live: JsonObject;
  next: JsonObject;
  subresource: Subresource;
  fieldManager: string;
}

/** Field owners after a POST, a PUT or a patch. An object without tracked fields stays untracked until it is applied. */
export function ownedAfter(core: Core, target: Target, write: Write): Managed {
  const { definition } = target;
  const { live, subresource, fieldManager } = write;
  // As it will be read: no manager can remove fields that are always there.
  const next = definition.fromStorage(definition.toStorage(write.next));
  const before = managedBefore(metaOf(live), metaOf(next), subresource);
  const exists = stringAt(metaOf(live), 'uid') !== '';
  if (before.size === 0 && exists) return before;
  const manager = {
    manager: fieldManager,
    operation: 'Update' as const,
    apiVersion: apiVersionOf(definition.info),
    subresource,
  };
  const owned: OwnedWrite = {
    live,
    next,
    viewOf: viewsOf(core, definition),
    ignored: definition.strategy.ignoredFields[subresource],
  };
  return ownedByUpdate(before, manager, owned, timestamp(core.clock));
}
