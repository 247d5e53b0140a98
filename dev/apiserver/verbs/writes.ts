import { emptyObject, ownedAfter } from '../apply/fieldOwnership.ts';
import { crdStorage } from '../builtins/crd.ts';
import { namespaceDefinition, namespaceStorage } from '../builtins/namespace.ts';
import { type Core, nameSuffix, newUid, type Target, timestamp } from '../cluster/core.ts';
import { invalidValue } from '../errors/causes.ts';
import {
  alreadyExists,
  conflict,
  forbidden,
  invalid,
  methodNotAllowed,
  modifiedMeanwhile,
  notFound,
  StatusError,
} from '../errors/statusErrors.ts';
import { encodeManaged, type Managed, sameButTimes } from '../fields/managed.ts';
import type { Definition, Subresource } from '../kinds/definition.ts';
import { checkPath, decode, reportUnknown, strictBody } from '../request/decodeBody.ts';
import type { DeleteOptions, WriteOptions } from '../request/writeOptions.ts';
import { completeMeta, validateMeta, validateMetaUpdate } from '../schema/objectMeta.ts';
import { objectKey } from '../storage/store.ts';
import { equal, metaOf, stringAt, stringsAt, without } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';
import { finish, isTerminating, settle } from './lifecycle.ts';

/** The NamespaceLifecycle admission plugin. */
function checkNamespace(core: Core, definition: Definition, namespace: string, name: string): void {
  if (!definition.info.namespaced) return;
  const found = core.store.get(namespaceStorage, objectKey('', namespace));
  if (found === undefined) throw notFound(namespaceDefinition.info, namespace);
  if (!isTerminating(found)) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(definition.info, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

function freshName(core: Core, definition: Definition, namespace: string, base: string): string {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const name = `${base}${nameSuffix(core.random)}`;
    if (core.store.get(definition.storage, objectKey(namespace, name)) === undefined) return name;
  }
  return `${base}${nameSuffix(core.random)}`;
}

/**
 * @param target its name is '' for a POST, which takes the object's own
 * @param applied who owns what, where that isn't all the writer's
 * @throws StatusError
 */
export function create(
  core: Core,
  target: Target,
  body: JsonObject,
  options: WriteOptions,
  applied?: Managed,
): JsonObject {
  const { definition, namespace } = target;
  const { info, storage, strategy } = definition;
  const { object, unknown } = decode(definition, body);
  reportUnknown(options, unknown, strictBody(definition));
  const given = metaOf(object);
  checkPath(target, given);
  const { fieldManager } = options;
  const live = emptyObject(definition);
  const managed = applied ?? ownedAfter(core, target, { live, next: object, subresource: '', fieldManager });
  const base = stringAt(given, 'generateName');
  const named = target.name || stringAt(given, 'name');
  checkNamespace(core, definition, namespace, named);
  const crd = core.store.get(crdStorage, objectKey('', `${info.plural}.${info.group}`));
  if (crd !== undefined && isTerminating(crd)) throw methodNotAllowed();
  if (stringAt(given, 'resourceVersion') !== '') {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  const name = named === '' && base !== '' ? freshName(core, definition, namespace, base) : named;
  const metadata: JsonObject = {
    ...completeMeta(without(given, 'uid', 'creationTimestamp', 'deletionTimestamp'), {}),
    name,
    ...(base === '' ? {} : { generateName: base }),
    ...(info.namespaced ? { namespace } : {}),
    uid: newUid(core.random),
    creationTimestamp: timestamp(core.clock),
    ...(strategy.countsGeneration ? { generation: 1 } : {}),
  };
  const next = withManaged(strategy.prepareCreate(definition.toStorage({ ...object, metadata })), managed);
  const causes = [...validateMeta(metaOf(next), strategy.nameRule), ...strategy.validate(next)];
  if (causes.length > 0) throw invalid(info, name, causes);
  const key = objectKey(namespace, name);
  if (core.store.get(storage, key) !== undefined) throw alreadyExists(info, name);
  if (options.dryRun) return definition.fromStorage(next);
  const stored = core.store.put(storage, key, next);
  settle(core, definition, namespace, name);
  return definition.fromStorage(stored);
}

function withManaged(object: JsonObject, managed: Managed): JsonObject {
  const metadata = without(metaOf(object), 'managedFields');
  if (managed.size > 0) metadata.managedFields = encodeManaged(managed);
  return { ...object, metadata };
}

/** With the times of before, if nothing else about the ownership differs. */
function untimed(object: JsonObject, oldMeta: JsonObject): JsonObject {
  const { managedFields } = oldMeta;
  const meta = metaOf(object);
  if (managedFields === undefined || !sameButTimes(meta.managedFields, managedFields)) return object;
  return { ...object, metadata: { ...meta, managedFields } };
}

export interface Change {
  subresource: Subresource;
  /**
   * From the stored object, in the view of the path's version, to the wanted one, and who owns what of it then. Absent:
   * the writer owns what the write changes.
   */
  apply(old: JsonObject): { object: JsonObject; managed?: Managed };
  /** A PUT, whose body must carry the resourceVersion on kinds that ask for it. */
  replaces: boolean;
  /** An object that isn't there is created. */
  creates: boolean;
  /** The error that unknown fields become under fieldValidation=Strict. */
  refuseUnknown?(why: string): StatusError;
}

function checkCurrent(target: Target, change: Change, meta: JsonObject, old: JsonObject): void {
  const { info, strategy } = target.definition;
  const uid = stringAt(meta, 'uid');
  // In a PUT it names the object that is meant; in a patch it is a change like any other, and refused as one.
  if (change.replaces && uid !== '' && uid !== old.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stringAt(old, 'uid')}`;
    throw conflict(info, target.name, why);
  }
  const resourceVersion = stringAt(meta, 'resourceVersion');
  if (resourceVersion === '' && !strategy.unconditionalUpdate) {
    throw invalid(info, target.name, [
      invalidValue('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (resourceVersion !== '' && resourceVersion !== old.resourceVersion) {
    throw conflict(info, target.name, modifiedMeanwhile);
  }
}

/** What a PUT or an apply does where there is nothing yet. */
function createAt(core: Core, target: Target, change: Change, options: WriteOptions): JsonObject {
  const { object, managed } = change.apply(emptyObject(target.definition));
  const uid = stringAt(metaOf(object), 'uid');
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(target.definition.info, target.name, why);
  }
  return create(core, target, object, options, managed);
}

/** PUT and PATCH. Throws StatusError. */
export function update(core: Core, target: Target, change: Change, options: WriteOptions): JsonObject {
  const { definition, namespace, name } = target;
  const { info, storage, strategy } = definition;
  const key = objectKey(namespace, name);
  const stored = core.store.get(storage, key);
  if (stored === undefined) {
    if (!change.creates || change.subresource !== '') throw notFound(info, name);
    return createAt(core, target, change, options);
  }
  const old = strategy.complete(stored);
  const live = definition.fromStorage(old);
  const changed = change.apply(live);
  // What is left of an apply's objects is not decoded again on the real server, and so its nulls are refused.
  const { object, unknown } = decode(definition, changed.object, changed.managed !== undefined);
  reportUnknown(options, unknown, change.refuseUnknown ?? strictBody(definition));
  const given = metaOf(object);
  const oldMeta = metaOf(old);
  checkPath(target, given);
  checkCurrent(target, change, given, oldMeta);

  const { fieldManager } = options;
  const write = { live, next: object, subresource: change.subresource, fieldManager };
  const managed = changed.managed ?? ownedAfter(core, target, write);

  const completed = completeMeta(given, oldMeta);
  const wanted = definition.toStorage({ ...object, metadata: completed });
  let next = strategy.prepareUpdate(wanted, old, change.subresource);
  if (strategy.countsGeneration && strategy.changesGeneration(next, old)) {
    const generation = typeof oldMeta.generation === 'number' ? oldMeta.generation + 1 : 1;
    next = { ...next, metadata: { ...metaOf(next), generation } };
  }
  // Compared below and stamped again when stored; the request's value has been checked by now.
  const metadata: JsonObject = { ...metaOf(next), resourceVersion: oldMeta.resourceVersion ?? '' };
  // The version of the path is a view; a write through another one alone changes nothing.
  next = withManaged({ ...next, apiVersion: old.apiVersion ?? null, metadata }, managed);
  const causes = [
    ...validateMetaUpdate(metaOf(next), oldMeta),
    ...validateMeta(metaOf(next), strategy.nameRule),
    ...strategy.validate(next, old),
  ];
  if (causes.length > 0) throw invalid(info, name, causes);
  // What was completed while it was read is a change of what is stored; when somebody last owned something isn't.
  if (equal(untimed(next, oldMeta), stored)) return definition.fromStorage(stored);
  if (options.dryRun) return definition.fromStorage(next);

  const released =
    isTerminating(old) && stringsAt(metaOf(next), 'finalizers').length === 0 && !strategy.held(next);
  // The last finalizer's removal is never stored: watchers see the object go as it was, the caller as it asked.
  if (released) core.store.remove(storage, key);
  const written = released ? next : core.store.put(storage, key, next);
  settle(core, definition, namespace, name);
  return definition.fromStorage(written);
}

/** DELETE of one object; answers with the object when it stays or the kind says so, else with a Status. */
export function remove(core: Core, target: Target, options: DeleteOptions): JsonObject {
  const { definition, namespace, name } = target;
  const { info, storage, strategy } = definition;
  const key = objectKey(namespace, name);
  const object = core.store.get(storage, key);
  if (object === undefined) throw notFound(info, name);
  const refusal = strategy.undeletable(name);
  if (refusal !== undefined) throw forbidden(info, name, refusal);
  const meta = metaOf(object);
  const uid = stringAt(meta, 'uid');
  if (options.uid !== undefined && options.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`;
    throw conflict(info, name, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== meta.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${stringAt(meta, 'resourceVersion')}`;
    throw conflict(info, name, why);
  }
  const held = stringsAt(meta, 'finalizers').length > 0 || strategy.held(object);
  let last = object;
  if (!options.dryRun) {
    last = finish(core, definition, key, object);
    settle(core, definition, namespace, name);
  }
  if (held || strategy.returnsDeleted) return definition.fromStorage(last);
  const group: JsonObject = info.group === '' ? {} : { group: info.group };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...group, kind: info.plural, uid },
  };
}
