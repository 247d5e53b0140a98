import { crdStorage } from './builtins/crd.ts';
import { namespaceDefinition, namespaceStorage } from './builtins/namespace.ts';
import { invalidValue } from './causes.ts';
import { type Core, nameSuffix, newUid, type Target, timestamp } from './core.ts';
import { apiVersionOf, type Definition, type Subresource } from './definition.ts';
import { equal, metaOf, objectAt, stringAt, stringsAt, without } from './json.ts';
import type { JsonObject } from './kinds.ts';
import { finish, isTerminating, settle } from './lifecycle.ts';
import { completeMeta, objectMetaShape, validateMeta, validateMetaUpdate } from './objectMeta.ts';
import { conform, ShapeError } from './shapes.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  methodNotAllowed,
  modifiedMeanwhile,
  notFound,
  StatusError,
} from './statusErrors.ts';
import { objectKey } from './store.ts';
import type { DeleteOptions, WriteOptions } from './writeOptions.ts';

/** Decodes a body as the kind of the path, in that kind's own view. Throws a 400, or a 422 for another kind. */
function decode(definition: Definition, body: JsonObject): { object: JsonObject; unknown: string[] } {
  const { builtin, info, strategy } = definition;
  const apiVersion = apiVersionOf(info);
  const given = stringAt(body, 'apiVersion');
  const kind = stringAt(body, 'kind');
  if (kind === '' && !builtin) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${info.kind}): Object 'Kind' is missing`,
    );
  }
  if (given !== apiVersion && (given !== '' || !builtin)) {
    throw badRequest(
      `the API version in the data (${given}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (kind !== '' && kind !== info.kind && !builtin) {
    const name = stringAt(objectAt(body, 'metadata'), 'name');
    throw invalid(info, name, [invalidValue('kind', kind, `must be ${info.kind}`)]);
  }
  if (kind !== '' && kind !== info.kind) {
    throw badRequest(`${kind} in version "${info.version}" cannot be handled as a ${info.kind}`);
  }
  const unknown: string[] = [];
  let metadata: JsonObject;
  try {
    metadata = conform(objectMetaShape, body.metadata ?? {}, 'metadata', unknown) as JsonObject;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const { message } = error;
    throw badRequest(
      `${info.kind} in version "${info.version}" cannot be handled as a ${info.kind}: ${message}`,
    );
  }
  const admitted = strategy.admit({ ...body, apiVersion, kind: info.kind, metadata });
  return { object: admitted.object, unknown: [...unknown, ...admitted.unknown] };
}

/** What becomes of unknown fields: an error, warnings, or nothing. */
function reportUnknown(options: WriteOptions, unknown: string[], refuse: (why: string) => StatusError): void {
  if (unknown.length === 0 || options.fieldValidation === 'Ignore') return;
  const texts = unknown.map((path) => `unknown field "${path}"`);
  if (options.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${texts.join(', ')}`);
  for (const text of texts) options.warn(text);
}

function strictBody(definition: Definition): (why: string) => StatusError {
  const { kind, version } = definition.info;
  return (why) => badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

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

function checkPath(target: Target, meta: JsonObject): void {
  const name = stringAt(meta, 'name');
  if (target.name !== '' && name !== '' && name !== target.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  }
  const namespace = stringAt(meta, 'namespace');
  if (namespace !== '' && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

function freshName(core: Core, definition: Definition, namespace: string, base: string): string {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const name = `${base}${nameSuffix(core.random)}`;
    if (core.store.get(definition.storage, objectKey(namespace, name)) === undefined) return name;
  }
  return `${base}${nameSuffix(core.random)}`;
}

/** @param target its name is '' for a POST, which takes the object's own. Throws StatusError. */
export function create(core: Core, target: Target, body: JsonObject, options: WriteOptions): JsonObject {
  const { definition, namespace } = target;
  const { info, storage, strategy } = definition;
  const { object, unknown } = decode(definition, body);
  reportUnknown(options, unknown, strictBody(definition));
  const given = metaOf(object);
  checkPath(target, given);
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
  const next = strategy.prepareCreate(definition.toStorage({ ...object, metadata }));
  const causes = [...validateMeta(metaOf(next), strategy.nameRule), ...strategy.validate(next)];
  if (causes.length > 0) throw invalid(info, name, causes);
  const key = objectKey(namespace, name);
  if (core.store.get(storage, key) !== undefined) throw alreadyExists(info, name);
  if (options.dryRun) return definition.fromStorage(next);
  const stored = core.store.put(storage, key, next);
  settle(core, definition, namespace, name);
  return definition.fromStorage(stored);
}

export interface Change {
  subresource: Subresource;
  /** From the stored object, in the view of the path's version, to the wanted one. */
  apply(old: JsonObject): JsonObject;
  /** A PUT, whose body must carry the resourceVersion on kinds that ask for it, and may create on some. */
  replaces: boolean;
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

/** PUT and PATCH. Throws StatusError. */
export function update(core: Core, target: Target, change: Change, options: WriteOptions): JsonObject {
  const { definition, namespace, name } = target;
  const { info, storage, strategy } = definition;
  const key = objectKey(namespace, name);
  const stored = core.store.get(storage, key);
  if (stored === undefined) {
    if (!change.replaces || !strategy.createOnUpdate || change.subresource !== '') throw notFound(info, name);
    return create(core, target, change.apply({}), options);
  }
  const old = strategy.complete(stored);
  const { object, unknown } = decode(definition, change.apply(definition.fromStorage(old)));
  reportUnknown(options, unknown, change.refuseUnknown ?? strictBody(definition));
  const given = metaOf(object);
  const oldMeta = metaOf(old);
  checkPath(target, given);
  checkCurrent(target, change, given, oldMeta);

  const completed = completeMeta(given, oldMeta);
  const wanted = definition.toStorage({ ...object, metadata: completed });
  let next = strategy.prepareUpdate(wanted, old, change.subresource);
  if (strategy.countsGeneration && strategy.changesGeneration(next, old)) {
    const generation = typeof oldMeta.generation === 'number' ? oldMeta.generation + 1 : 1;
    next = { ...next, metadata: { ...metaOf(next), generation } };
  }
  // Compared below and stamped anew when stored; whatever the request said has been checked by now.
  const metadata: JsonObject = { ...metaOf(next), resourceVersion: oldMeta.resourceVersion ?? '' };
  // The version of the path is a view; writing through another one changes nothing by itself.
  next = { ...next, apiVersion: old.apiVersion ?? null, metadata };
  const causes = [
    ...validateMetaUpdate(metaOf(next), oldMeta),
    ...validateMeta(metaOf(next), strategy.nameRule),
    ...strategy.validate(next, old),
  ];
  if (causes.length > 0) throw invalid(info, name, causes);
  // What was completed while it was read is a change of what is stored.
  if (options.dryRun || equal(next, stored)) return definition.fromStorage(next);

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
