import { emptyObject } from '../apply/fieldOwnership.ts';
import { serverSideApply } from '../apply/serverSideApply.ts';
import type { Core, Target } from '../cluster/core.ts';
import { badRequest, invalidPatch, unsupportedMediaType } from '../errors/statusErrors.ts';
import type { CallInfo } from '../faults/counters.ts';
import type { Faults } from '../faults/faults.ts';
import type { Subresource } from '../kinds/definition.ts';
import { acceptedPatchTypes, applyPatch, applyType } from '../patches/patch.ts';
import type { ApiRequest, ApiResponse } from '../request/http.ts';
import { contentTypeOf, parseText, readBody, requiredBody } from '../request/requestBody.ts';
import { type ResourcePath, resolve, type Verb } from '../request/requestInfo.ts';
import { deleteOptions, type WriteOptions, writeOptions } from '../request/writeOptions.ts';
import { objectKey } from '../storage/store.ts';
import { isObject, metaOf, stringAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';
import { get, type ListResult, list } from './reads.ts';
import { type Form, formOf, representList, representObject } from './represent.ts';
import { openWatch, type WatchOptions } from './watch.ts';
import { type Change, create, remove, update } from './writes.ts';

export interface ResourceParts {
  core: Core;
  faults: Faults;
  watch: WatchOptions;
}

interface Resolved {
  parts: ResourceParts;
  request: ApiRequest;
  call: CallInfo;
  target: Target;
  subresource: Subresource;
  form: Form;
}

function listAnswer({ parts, target, form }: Resolved, { objects, metadata }: ListResult): ApiResponse {
  const body = representList(target.definition, form, objects, metadata, parts.core.clock.now());
  return { status: 200, headers: {}, body };
}

function startWatch({ parts, request, call, target, form }: Resolved): ApiResponse {
  const query = new URLSearchParams(request.query);
  if (target.name !== '') query.set('fieldSelector', `metadata.name=${target.name}`);
  const gate = parts.faults.gate(call);
  try {
    const watch = openWatch(parts.core, target.definition, target.namespace, query, form, gate, parts.watch);
    gate.opened(watch);
    return { status: 200, headers: {}, watch };
  } catch (error) {
    gate.closed();
    throw error;
  }
}

/** What a server-side apply does to the object it meets. */
function applyOf({ parts, request, target, subresource }: Resolved, { fieldManager }: WriteOptions): Change {
  const config = parseText(Buffer.from(request.body).toString('utf8'), applyType);
  if (!isObject(config)) throw badRequest('error decoding YAML: a configuration is an object');
  const force = request.query.get('force') === 'true' || request.query.get('force') === '1';
  const empty = emptyObject(target.definition);
  return {
    subresource,
    replaces: false,
    creates: true,
    apply: (live) =>
      serverSideApply(parts.core, target, { live, config, empty }, { subresource, fieldManager, force }),
  };
}

/** What a PATCH does to the object it meets. */
function patchOf(resolved: Resolved, options: WriteOptions): Change {
  const { request, target, subresource } = resolved;
  const contentType = contentTypeOf(request);
  const { mergeRules } = target.definition.strategy;
  const accepted = acceptedPatchTypes(mergeRules);
  if (!accepted.includes(contentType)) throw unsupportedMediaType(accepted);
  if (contentType === applyType) return applyOf(resolved, options);
  const text = Buffer.from(request.body).toString('utf8');
  const patch = parseText(text, 'application/json');
  return {
    subresource,
    replaces: false,
    creates: false,
    apply: (old) => ({ object: applyPatch(old, patch, contentType, mergeRules) }),
    refuseUnknown: (why) => invalidPatch(text, why),
  };
}

function removeAll(resolved: Resolved): ApiResponse {
  const { parts, request, target } = resolved;
  const chosen = list(parts.core, target.definition, target.namespace, request.query);
  const { dryRun } = deleteOptions(request.query, readBody(request));
  for (const object of chosen.objects) {
    remove(parts.core, { ...target, name: stringAt(metaOf(object), 'name') }, { dryRun });
  }
  return listAnswer(resolved, chosen);
}

/** Requests for resources: everything under /api/VERSION and /apis/GROUP/VERSION. Throws StatusError. */
export function serveResource(
  parts: ResourceParts,
  request: ApiRequest,
  path: ResourcePath,
  call: CallInfo,
): ApiResponse {
  const { core, faults } = parts;
  const { query } = request;
  const verb = call.verb as Verb;
  const { definition, subresource } = resolve(core.registry, path, verb);
  const target: Target = { definition, namespace: path.namespace, name: path.name };
  const form = formOf(request.headers.accept ?? '', query);
  const resolved: Resolved = { parts, request, call, target, subresource, form };
  const warnings: string[] = [];
  const options = (kind: string): WriteOptions =>
    writeOptions({
      query,
      kind,
      userAgent: request.headers['user-agent'] ?? '',
      isApply: verb === 'patch' && contentTypeOf(request) === applyType,
      warn: (message) => warnings.push(message),
    });
  const change = (done: Change, how: WriteOptions): ApiResponse => {
    const existed = core.store.get(definition.storage, objectKey(path.namespace, path.name)) !== undefined;
    return answer(existed ? 200 : 201, update(core, target, done, how));
  };
  const answer = (status: number, object: JsonObject): ApiResponse => {
    const warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
    const body = representObject(definition, form, object, core.clock.now());
    return { status, headers: warning === '' ? {} : { warning }, body };
  };

  switch (verb) {
    case 'get':
      return answer(200, get(core, target, faults.staleRevision(call)));
    case 'list':
      return listAnswer(resolved, list(core, definition, path.namespace, query, faults.staleRevision(call)));
    case 'watch':
      return startWatch(resolved);
    case 'create':
      return answer(201, create(core, target, requiredBody(request), options('CreateOptions')));
    case 'update': {
      const sent = requiredBody(request);
      const creates = definition.strategy.createOnUpdate;
      const apply = () => ({ object: sent });
      return change({ subresource, replaces: true, creates, apply }, options('UpdateOptions'));
    }
    case 'patch': {
      const how = options('PatchOptions');
      return change(patchOf(resolved, how), how);
    }
    case 'delete':
      return answer(200, remove(core, target, deleteOptions(query, readBody(request))));
    case 'deletecollection':
      return removeAll(resolved);
  }
}
