import { crdFinalizer, crdStorage, establishedStatus } from '../builtins/crd.ts';
import { namespaceDefinition, namespaceStorage } from '../builtins/namespace.ts';
import { type Core, timestamp } from '../cluster/core.ts';
import type { Definition } from '../kinds/definition.ts';
import { objectKey } from '../storage/store.ts';
import { equal, metaOf, objectAt, stringAt, stringsAt, without } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

/** What the cluster's own controllers do after a write, at once: no test has to wait for them. */

export function isTerminating(object: JsonObject): boolean {
  return stringAt(metaOf(object), 'deletionTimestamp') !== '';
}

/** Deletes an object, or marks it as being deleted while something holds it. Answers with its last state. */
export function finish(core: Core, definition: Definition, key: string, object: JsonObject): JsonObject {
  const { store } = core;
  const { storage, strategy } = definition;
  const meta = metaOf(object);
  const held = stringsAt(meta, 'finalizers').length > 0 || strategy.held(object);
  if (!held) return store.remove(storage, key) ?? object;
  if (isTerminating(object)) return object;
  const metadata: JsonObject = {
    ...meta,
    deletionTimestamp: timestamp(core.clock),
    deletionGracePeriodSeconds: 0,
  };
  if (typeof meta.generation === 'number') metadata.generation = meta.generation + 1;
  const terminating: JsonObject = { ...object, metadata };
  if (storage === namespaceStorage)
    terminating.status = { ...objectAt(object, 'status'), phase: 'Terminating' };
  return store.put(storage, key, terminating);
}

/** One definition a storage: the views of it would delete twice. */
function storages(core: Core): Definition[] {
  return [...new Map(core.registry.definitions().map((each) => [each.storage, each])).values()];
}

function emptied(
  core: Core,
  definitions: readonly Definition[],
  within: (namespace: string) => boolean,
): boolean {
  for (const definition of definitions) {
    for (const [key, object] of core.store.list(definition.storage)) {
      if (within(stringAt(metaOf(object), 'namespace'))) finish(core, definition, key, object);
    }
  }
  return definitions.every((definition) =>
    core.store.list(definition.storage).every(([, object]) => !within(stringAt(metaOf(object), 'namespace'))),
  );
}

/** The namespace controller: a terminating namespace is emptied, and goes when it is empty. */
function settleNamespace(core: Core, name: string): void {
  const key = objectKey('', name);
  const namespace = core.store.get(namespaceStorage, key);
  if (namespace === undefined || !isTerminating(namespace)) return;
  const namespaced = storages(core).filter(({ info }) => info.namespaced);
  if (!emptied(core, namespaced, (each) => each === name)) return;
  const spec = objectAt(namespace, 'spec');
  const finalizers = stringsAt(spec, 'finalizers').filter((finalizer) => finalizer !== 'kubernetes');
  const released = finalizers.length === 0 ? without(spec, 'finalizers') : { ...spec, finalizers };
  const next = equal(spec, released)
    ? namespace
    : core.store.put(namespaceStorage, key, { ...namespace, spec: released });
  finish(core, namespaceDefinition, key, next);
}

/** The controllers behind definitions: a new one is established, a deleted one takes its objects along. */
function settleCrd(core: Core, definition: Definition, name: string): void {
  const key = objectKey('', name);
  const crd = core.store.get(crdStorage, key);
  if (crd === undefined) return;
  if (!isTerminating(crd)) {
    const status = establishedStatus(crd, timestamp(core.clock));
    if (!equal(status, crd.status)) core.store.put(crdStorage, key, { ...crd, status });
    return;
  }
  const [served] = core.registry.definitionsOf(name);
  if (served !== undefined && !emptied(core, [served], () => true)) return;
  const meta = metaOf(crd);
  const finalizers = stringsAt(meta, 'finalizers').filter((finalizer) => finalizer !== crdFinalizer);
  finish(core, definition, key, { ...crd, metadata: { ...meta, finalizers } });
}

/** To be called after each write that was committed. */
export function settle(core: Core, definition: Definition, namespace: string, name: string): void {
  const { storage, info } = definition;
  if (storage === namespaceStorage) settleNamespace(core, name);
  else if (storage === crdStorage) settleCrd(core, definition, name);
  else {
    if (info.namespaced) settleNamespace(core, namespace);
    const owner = `${info.plural}.${info.group}`;
    const crd = core.store.get(crdStorage, objectKey('', owner));
    const crdView = core.registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
    if (crd !== undefined && crdView !== undefined && isTerminating(crd)) settleCrd(core, crdView, owner);
  }
}
