import type { Registry } from '../cluster/registry.ts';
import { methodNotAllowed, noSuchResource } from '../errors/statusErrors.ts';
import type { Definition, Subresource } from '../kinds/definition.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A path under /api or /apis that names a resource, whether or not it is served. */
export interface ResourcePath {
  group: string;
  version: string;
  /** '' for cluster-scoped resources and for all namespaces. */
  namespace: string;
  plural: string;
  name: string;
  subresource: string;
}

/** undefined for paths of discovery and anything else. */
export function parsePath(path: string): ResourcePath | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [root = '', ...rest] = parts;
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (rest.shift() ?? '');
  const [version = '', first = '', second = '', third = '', ...tail] = rest;
  if (first === '') return undefined;
  // /namespaces/x/status is a subresource of the namespace, not a resource in it.
  const scoped =
    first === 'namespaces' && third !== '' && !(group === '' && ['status', 'finalize'].includes(third));
  const [plural, name, subresource, surplus] = scoped
    ? [third, tail[0] ?? '', tail[1] ?? '', tail[2]]
    : [first, second, third, tail[0]];
  if (surplus !== undefined) return undefined;
  return { group, version, namespace: scoped ? second : '', plural, name, subresource };
}

export function verbOf(method: string, path: ResourcePath, query: URLSearchParams): Verb {
  const watch = query.get('watch');
  switch (method) {
    case 'GET':
      if (watch !== null && watch !== 'false' && watch !== '0') return 'watch';
      return path.name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === '' ? 'deletecollection' : 'delete';
    default:
      throw methodNotAllowed();
  }
}

/** Throws a 404 for what isn't served, a 405 for a verb that makes no sense there. */
export function resolve(
  registry: Registry,
  path: ResourcePath,
  verb: Verb,
): { definition: Definition; subresource: Subresource } {
  const definition = registry.find(path.group, path.version, path.plural);
  if (definition === undefined) throw noSuchResource();
  const { info } = definition;
  if (!info.namespaced && path.namespace !== '') throw noSuchResource();
  const { subresource } = path;
  if (subresource !== '' && (subresource !== 'status' || !info.statusSubresource)) throw noSuchResource();
  const unnamed = path.name === '' && !['list', 'watch', 'create', 'deletecollection'].includes(verb);
  const misplaced = verb === 'create' && path.name !== '';
  const nowhere = info.namespaced && path.namespace === '' && !['list', 'watch'].includes(verb);
  const ofStatus = subresource === 'status' && !['get', 'update', 'patch'].includes(verb);
  if (unnamed || misplaced || nowhere || ofStatus || !info.verbs.includes(verb)) throw methodNotAllowed();
  return { definition, subresource: subresource === 'status' ? 'status' : '' };
}
