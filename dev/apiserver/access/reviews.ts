import {
  localSubjectAccessReview,
  type ReviewKind,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from '../builtins/reviewKinds.ts';
import { type Core, timestamp } from '../cluster/core.ts';
import { invalidValue } from '../errors/causes.ts';
import { badRequest, invalidReview, methodNotAllowed, noSuchResource } from '../errors/statusErrors.ts';
import { apiVersionOf } from '../kinds/definition.ts';
import type { ApiRequest, ApiResponse } from '../request/http.ts';
import { requiredBody } from '../request/requestBody.ts';
import type { ResourcePath } from '../request/requestInfo.ts';
import { administrator, type User } from '../request/user.ts';
import { isObject, objectAt, stringAt, stringsAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';
import { conform, ShapeError } from '../values/shapes.ts';
import { type Attempt, mayDo, type Rule, rulesFor } from './rbac.ts';
import { ISSUER, type Tokens } from './tokens.ts';

/** What reviews are answered from. */
export interface Access {
  core: Core;
  tokens: Tokens;
  /** The administrator's own token; absent where no one logs in. */
  administratorToken?: string;
}

function userInfo(user: User): JsonObject {
  const info: JsonObject = { username: user.username, groups: [...user.groups] };
  if (user.uid !== '') info.uid = user.uid;
  const extra: JsonObject = {};
  for (const [key, values] of Object.entries(user.extra)) extra[key] = [...values];
  if (Object.keys(extra).length > 0) info.extra = extra;
  return info;
}

/** The token's user; undefined for an unknown token, or one for another audience. */
export function authenticate(
  { tokens, administratorToken }: Access,
  token: string,
  audiences: readonly string[] = [ISSUER],
): { user: User; audiences: string[] } | undefined {
  if (token !== administratorToken) return tokens.verify(token, audiences);
  return audiences.includes(ISSUER) ? { user: administrator, audiences: [ISSUER] } : undefined;
}

function reviewToken(access: Access, spec: JsonObject): JsonObject {
  const token = stringAt(spec, 'token');
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const asked = stringsAt(spec, 'audiences');
  const found = authenticate(access, token, asked.length > 0 ? asked : undefined);
  if (found === undefined) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: userInfo(found.user), audiences: found.audiences };
}

function attemptIn(spec: JsonObject): Attempt {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
  if (isObject(resource) === isObject(other)) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw invalidReview('authorization.k8s.io', [invalidValue('spec.resourceAttributes', undefined, why)]);
  }
  if (isObject(other)) return { verb: stringAt(other, 'verb'), path: stringAt(other, 'path') };
  const text = (key: string): string => stringAt(objectAt(spec, 'resourceAttributes'), key);
  return {
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  };
}

function subjectIn(spec: JsonObject): User {
  const user = {
    username: stringAt(spec, 'user'),
    uid: stringAt(spec, 'uid'),
    groups: stringsAt(spec, 'groups'),
  };
  if (user.username === '' && user.groups.length === 0) {
    const why = 'at least one of user or group must be specified';
    throw invalidReview('authorization.k8s.io', [invalidValue('spec.user', '', why)]);
  }
  return { ...user, extra: {} };
}

function shownRules(rules: readonly Rule[]): JsonObject {
  const resourceRules = rules
    .filter(({ resources }) => resources.length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs: [...verbs],
      apiGroups: [...apiGroups],
      resources: [...resources],
      ...(resourceNames.length === 0 ? {} : { resourceNames: [...resourceNames] }),
    }));
  const nonResourceRules = rules
    .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] }));
  return { resourceRules, nonResourceRules, incomplete: false };
}

function statusOf(
  access: Access,
  review: ReviewKind,
  spec: JsonObject,
  user: User,
  namespace: string,
): JsonObject {
  const { store } = access.core;
  const decided = (who: User, attempt: Attempt): JsonObject => ({ allowed: mayDo(store, who, attempt) });
  switch (review) {
    case tokenReview:
      return reviewToken(access, spec);
    case selfSubjectReview:
      return { userInfo: userInfo(user) };
    case selfSubjectAccessReview:
      return decided(user, attemptIn(spec));
    case subjectAccessReview:
      return decided(subjectIn(spec), attemptIn(spec));
    case localSubjectAccessReview: {
      const attempt = attemptIn(spec);
      if ('path' in attempt || attempt.namespace !== namespace) {
        throw invalidReview('authorization.k8s.io', [
          invalidValue(
            'spec.resourceAttributes.namespace',
            spec.resourceAttributes,
            `must match metadata.namespace`,
          ),
        ]);
      }
      return decided(subjectIn(spec), attempt);
    }
    case selfSubjectRulesReview: {
      const asked = stringAt(spec, 'namespace');
      if (asked === '') throw badRequest('no namespace on request');
      return shownRules(rulesFor(store, user, asked));
    }
    default:
      throw noSuchResource();
  }
}

export function decodedReview({ info, shape }: ReviewKind, request: ApiRequest): JsonObject {
  const body = requiredBody(request);
  const { kind, version } = info;
  const named = stringAt(body, 'kind');
  const apiVersion = stringAt(body, 'apiVersion');
  if ((named !== '' && named !== kind) || (apiVersion !== '' && apiVersion !== apiVersionOf(info))) {
    throw badRequest(`${named} in version "${apiVersion}" cannot be handled as a ${kind}`);
  }
  try {
    return conform(shape, body, '', []) as JsonObject;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`);
  }
}

export function reviewAnswer({ info }: ReviewKind, rest: JsonObject): ApiResponse {
  return { status: 201, headers: {}, body: { kind: info.kind, apiVersion: apiVersionOf(info), ...rest } };
}

/** Answers a review. Throws StatusError. */
export function serveReview(
  access: Access,
  request: ApiRequest,
  path: ResourcePath,
  review: ReviewKind,
  user: User,
): ApiResponse {
  if (path.name !== '' || review.info.namespaced !== (path.namespace !== '')) throw noSuchResource();
  if (request.method !== 'POST') throw methodNotAllowed();
  const body = decodedReview(review, request);
  const spec = objectAt(body, 'spec');
  const status = statusOf(access, review, spec, user, path.namespace);
  const creationTimestamp = timestamp(access.core.clock);
  if (review === selfSubjectReview) return reviewAnswer(review, { metadata: { creationTimestamp }, status });
  return reviewAnswer(review, { metadata: {}, spec, status });
}
