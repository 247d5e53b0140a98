import { authorize } from '../access/authorize.ts';
import { type Access, serveReview } from '../access/reviews.ts';
import { serveTokenRequest } from '../access/tokenRequest.ts';
import { reviewAt } from '../builtins/reviewKinds.ts';
import { discover } from '../discovery/discoveryRoutes.ts';
import { badRequest, internalError, noSuchResource, StatusError } from '../errors/statusErrors.ts';
import { control } from '../faults/control.ts';
import type { CallInfo, Counters } from '../faults/counters.ts';
import { ConnectionLost } from '../faults/faults.ts';
import type { ApiRequest, ApiResponse } from '../request/http.ts';
import { parsePath, type ResourcePath, verbOf } from '../request/requestInfo.ts';
import type { User } from '../request/user.ts';
import { type ResourceParts, serveResource } from '../verbs/resourceRoutes.ts';

/** Rejects with ConnectionLost when there is to be no answer; every other failure is an answer. */
export type Handler = (request: ApiRequest) => Promise<ApiResponse>;

export interface HandlerParts extends ResourceParts {
  counters: Counters;
  access: Access;
  /** Receives errors that are this server's own fault; the caller gets a 500. */
  report(error: unknown, request: ApiRequest): void;
}

/** @param path of the same request; undefined for what isn't a resource */
export function callInfo(request: ApiRequest, path: ResourcePath | undefined): CallInfo {
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

export function errorResponse(error: StatusError): ApiResponse {
  const { retryAfterSeconds } = error.details;
  const headers: Record<string, string> = {};
  if (typeof retryAfterSeconds === 'number') headers['retry-after'] = String(retryAfterSeconds);
  return { status: error.code, headers, body: error.body() };
}

/** Reviews are answered, all else is stored or read. */
function answer(
  parts: HandlerParts,
  request: ApiRequest,
  path: ResourcePath,
  call: CallInfo,
  user: User,
): ApiResponse {
  const review = reviewAt(path);
  if (review !== undefined) return serveReview(parts.access, request, path, review, user);
  const { group, plural, subresource } = path;
  if (group === '' && plural === 'serviceaccounts' && subresource === 'token')
    return serveTokenRequest(parts.access, request, path);
  return serveResource(parts, request, path, call);
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
    const user = authorize(core, request, path);
    const response: ApiResponse | undefined =
      path === undefined
        ? discover(core.registry, request.path, request.headers.accept ?? '')
        : answer(parts, request, path, call, user);
    try {
      await faults.after(call);
    } catch (error) {
      response?.watch?.close();
      throw error;
    }
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
