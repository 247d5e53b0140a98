import type { Core } from '../cluster/core.ts';
import { StatusError } from '../errors/statusErrors.ts';
import type { ApiRequest } from '../request/http.ts';
import { type ResourcePath, verbOf } from '../request/requestInfo.ts';
import { administrator, impersonated, type User } from '../request/user.ts';
import { type Attempt, mayDo } from './rbac.ts';

/** A list or a watch of one name counts as being about that one. */
function nameOf(path: ResourcePath, query: URLSearchParams): string {
  if (path.name !== '') return path.name;
  const [, name = ''] = /(?:^|,)metadata\.name==?([^,]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '') ?? [];
  return name;
}

function attemptOf(request: ApiRequest, path: ResourcePath | undefined): Attempt {
  if (path === undefined) return { verb: request.method.toLowerCase(), path: request.path };
  const { group, plural, subresource, name } = path;
  // A namespace is in itself, so that its own roles can be about it.
  const namespace = group === '' && plural === 'namespaces' ? name : path.namespace;
  return {
    verb: verbOf(request.method, path, request.query),
    group,
    resource: plural,
    subresource,
    namespace,
    name: nameOf(path, request.query),
  };
}

function refusal(user: User, attempt: Attempt): StatusError {
  const who = `User ${JSON.stringify(user.username)} cannot ${attempt.verb}`;
  if ('path' in attempt) {
    return new StatusError(403, 'Forbidden', `forbidden: ${who} path ${JSON.stringify(attempt.path)}`);
  }
  const { group, resource, subresource, namespace, name } = attempt;
  const asked = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = `${group === '' ? resource : `${resource}.${group}`}${name === '' ? '' : ` "${name}"`}`;
  return new StatusError(
    403,
    'Forbidden',
    `${what} is forbidden: ${who} resource "${asked}" in API group "${group}" ${where}`,
    { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource },
  );
}

function impersonation(username: string): Attempt {
  const about = { verb: 'impersonate', group: '', subresource: '' };
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  return namespace !== undefined && name !== undefined
    ? { ...about, resource: 'serviceaccounts', namespace, name }
    : { ...about, resource: 'users', namespace: '', name: username };
}

/** On whose behalf a request is, once it is known to be allowed. Throws a 403. */
export function authorize({ store }: Core, request: ApiRequest, path: ResourcePath | undefined): User {
  let user = request.user ?? administrator;
  const must = (attempt: Attempt): void => {
    if (!mayDo(store, user, attempt)) throw refusal(user, attempt);
  };
  const spokenFor = request.headers['impersonate-user'];
  if (spokenFor !== undefined) {
    must(impersonation(spokenFor));
    const groups = (request.headers['impersonate-group'] ?? '').split(',').filter(Boolean);
    for (const name of groups)
      must({ verb: 'impersonate', group: '', resource: 'groups', subresource: '', namespace: '', name });
    user = impersonated(spokenFor, groups);
  }
  must(attemptOf(request, path));
  return user;
}
