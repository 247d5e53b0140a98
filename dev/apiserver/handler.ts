import { parse as parseYaml } from 'yaml';
import { control } from './control.ts';
import type { Core, Target } from './core.ts';
import type { CallInfo, Counters } from './counters.ts';
import { discover } from './discoveryRoutes.ts';
import { ConnectionLost, type Faults } from './faults.ts';
import { metaOf, stringAt } from './json.ts';
import type { JsonObject, JsonValue } from './kinds.ts';
import { acceptedPatchTypes, applyPatch } from './patch.ts';
import { decodeProtobuf } from './protobuf/decodeProtobuf.ts';
import { get, list } from './reads.ts';
import { formOf, representList, representObject } from './represent.ts';
import { parsePath, type ResourcePath, resolve, type Verb, verbOf } from './requestInfo.ts';
import {
  badRequest,
  internalError,
  invalidPatch,
  noSuchResource,
  StatusError,
  unsupportedMediaType,
} from './statusErrors.ts';
import { openWatch, type Watch, type WatchOptions } from './watch.ts';
import { deleteOptions, writeOptions } from './writeOptions.ts';
import { bodyObject, create, remove, update } from './writes.ts';

export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: Uint8Array;
}

export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON, or plain text. */
  body?: JsonValue;
  /** Instead of a body: frames, one a line, until it ends. */
  watch?: Watch;
}

/** Rejects with ConnectionLost when there is to be no answer; every other failure is an answer. */
export type Handler = (request: ApiRequest) => Promise<ApiResponse>;

export interface HandlerParts {
  core: Core;
  faults: Faults;
  counters: Counters;
  watch: WatchOptions;
  /** Told of errors that are this server's own fault; the caller gets a 500. */
  report(error: unknown, request: ApiRequest): void;
}

const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

function contentTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() || 'application/json';
}

function parseText(text: string, contentType: string): JsonValue {
  try {
    return (contentType.endsWith('yaml') ? parseYaml(text) : JSON.parse(text)) as JsonValue;
  } catch (error) {
    // The parser's own message quotes the body, and that can be a Secret.
    const what = error instanceof Error ? error.name : 'error';
    throw badRequest(`the object provided is unrecognized: the body is not ${contentType} (${what})`);
  }
}

function readBody(request: ApiRequest): JsonObject | undefined {
  if (request.body.byteLength === 0) return undefined;
  const contentType = contentTypeOf(request);
  if (!bodyTypes.includes(contentType)) throw unsupportedMediaType(bodyTypes);
  if (contentType !== 'application/vnd.kubernetes.protobuf') {
    return bodyObject(parseText(Buffer.from(request.body).toString('utf8'), contentType));
  }
  try {
    return decodeProtobuf(request.body);
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function callInfo(request: ApiRequest, path: ResourcePath | undefined): CallInfo {
  const userAgent = (request.headers['user-agent'] ?? '').split(' ')[0] ?? '';
  if (path === undefined) {
    const verb = request.method.toLowerCase();
    return { verb, resource: request.path, subresource: '', namespace: '', name: '', userAgent };
  }
  const { group, plural, subresource, namespace, name } = path;
  const verb = verbOf(request.method, path, request.query);
  return {
    verb,
    resource: group === '' ? plural : `${plural}.${group}`,
    subresource,
    namespace,
    name,
    userAgent,
  };
}

/** Requests for resources: everything under /api/VERSION and /apis/GROUP/VERSION. */
function serveResource(
  parts: HandlerParts,
  request: ApiRequest,
  path: ResourcePath,
  call: CallInfo,
): ApiResponse {
  const { core, faults } = parts;
  const { query } = request;
  const verb = call.verb as Verb;
  const { definition, subresource } = resolve(core.registry, path, verb);
  const form = formOf(request.headers.accept ?? '', query);
  const target: Target = { definition, namespace: path.namespace, name: path.name };
  const headers: Record<string, string> = {};
  const warnings: string[] = [];
  const answer = (status: number, object: JsonObject): ApiResponse => {
    if (warnings.length > 0)
      headers.warning = warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ');
    return { status, headers, body: representObject(definition, form, object, core.clock.now()) };
  };
  const options = () => writeOptions(query, (message) => warnings.push(message));
  const body = () => bodyObject(readBody(request));

  switch (verb) {
    case 'get': {
      const staleAt = faults.staleRevision(call);
      if (staleAt === undefined) return answer(200, get(core, target));
      const { objects } = list(core, definition, path.namespace, new URLSearchParams(), staleAt);
      const found = objects.find((object) => stringAt(metaOf(object), 'name') === path.name);
      return answer(200, found ?? get(core, target));
    }
    case 'list': {
      const staleAt = faults.staleRevision(call);
      const { objects, metadata } = list(core, definition, path.namespace, query, staleAt);
      const body = representList(definition, form, objects, metadata, core.clock.now());
      return { status: 200, headers, body };
    }
    case 'watch': {
      const scoped = new URLSearchParams(query);
      if (path.name !== '') scoped.set('fieldSelector', `metadata.name=${path.name}`);
      const gate = faults.gate(call);
      try {
        const watch = openWatch(core, definition, path.namespace, scoped, form, gate, parts.watch);
        gate.opened(watch);
        return { status: 200, headers, watch };
      } catch (error) {
        gate.closed();
        throw error;
      }
    }
    case 'create':
      return answer(201, create(core, target, body(), options()));
    case 'update': {
      const sent = body();
      const existed = core.store.get(definition.storage, `${path.namespace}/${path.name}`) !== undefined;
      const object = update(core, target, { subresource, replaces: true, apply: () => sent }, options());
      return answer(existed ? 200 : 201, object);
    }
    case 'patch': {
      const contentType = contentTypeOf(request);
      const { mergeRules } = definition.strategy;
      if (!acceptedPatchTypes(mergeRules).includes(contentType)) {
        throw unsupportedMediaType(acceptedPatchTypes(mergeRules));
      }
      const text = Buffer.from(request.body).toString('utf8');
      const patch = parseText(text, 'application/json');
      const apply = (old: JsonObject): JsonObject => applyPatch(old, patch, contentType, mergeRules);
      const refuseUnknown = (why: string): StatusError => invalidPatch(text, why);
      return answer(
        200,
        update(core, target, { subresource, replaces: false, apply, refuseUnknown }, options()),
      );
    }
    case 'delete':
      return answer(200, remove(core, target, deleteOptions(query, readBody(request))));
    case 'deletecollection': {
      const chosen = list(core, definition, path.namespace, query);
      const wanted = deleteOptions(query, readBody(request));
      for (const object of chosen.objects) {
        const name = stringAt(metaOf(object), 'name');
        remove(core, { ...target, name }, { dryRun: wanted.dryRun });
      }
      const body = representList(definition, form, chosen.objects, chosen.metadata, core.clock.now());
      return { status: 200, headers, body };
    }
  }
}

function errorResponse(error: StatusError): ApiResponse {
  const { retryAfterSeconds } = error.details;
  const headers: Record<string, string> = {};
  if (typeof retryAfterSeconds === 'number') headers['retry-after'] = String(retryAfterSeconds);
  return { status: error.code, headers, body: error.body() };
}

export function createHandler(parts: HandlerParts): Handler {
  const { core, faults, counters } = parts;
  const serve = async (request: ApiRequest): Promise<ApiResponse> => {
    if (request.path.startsWith('/_control/')) {
      return control(parts, request.method, request.path, Buffer.from(request.body).toString('utf8'));
    }
    const path = parsePath(request.path);
    const call = callInfo(request, path);
    counters.count(call);
    await faults.before(call);
    const response =
      path === undefined
        ? discover(core.registry, request.path, request.headers.accept ?? '')
        : serveResource(parts, request, path, call);
    await faults.after(call);
    if (response === undefined) throw noSuchResource();
    return response;
  };
  return async (request) => {
    try {
      return await serve(request);
    } catch (error) {
      if (error instanceof StatusError) return errorResponse(error);
      if (error instanceof URIError) return errorResponse(badRequest('the path is not correctly escaped'));
      if (error instanceof ConnectionLost) throw error;
      parts.report(error, request);
      return errorResponse(
        internalError(`${request.method} ${request.path} failed; the server's log says why`),
      );
    }
  };
}
