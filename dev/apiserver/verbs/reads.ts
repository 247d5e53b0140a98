import type { Core, Target } from '../cluster/core.ts';
import { badRequest, expired, notFound, tooLargeResourceVersion } from '../errors/statusErrors.ts';
import type { Definition } from '../kinds/definition.ts';
import { checkListOptions } from '../request/listOptions.ts';
import { fieldSelector, labelSelector, type Predicate } from '../request/selectors.ts';
import { CompactedError, objectKey } from '../storage/store.ts';
import { metaOf, stringAt } from '../values/json.ts';
import type { JsonObject } from '../values/kinds.ts';

/** Which stored objects a list, a watch or a deletecollection is about. */
export function selection(definition: Definition, namespace: string, query: URLSearchParams): Predicate {
  const byLabel = labelSelector(query.get('labelSelector'));
  const byField = fieldSelector(query.get('fieldSelector'), {
    'metadata.name': 'metadata.name',
    'metadata.namespace': 'metadata.namespace',
    ...definition.strategy.selectableFields,
  });
  return (object) =>
    (namespace === '' || stringAt(metaOf(object), 'namespace') === namespace) &&
    byLabel(object) &&
    byField(object);
}

/** @param staleAt the revision whose state is shown, as by a cache that lags; default: the present one */
export function get(core: Core, target: Target, staleAt?: number): JsonObject {
  const { definition, namespace, name } = target;
  const key = objectKey(namespace, name);
  const object =
    staleAt === undefined
      ? core.store.get(definition.storage, key)
      : new Map(core.store.list(definition.storage, staleAt)).get(key);
  if (object === undefined) throw notFound(definition.info, name);
  return definition.fromStorage(object);
}

/** Throws a 400 for what isn't a revision. undefined when unset. */
export function revisionOf(query: URLSearchParams, field = 'resourceVersion'): number | undefined {
  const text = query.get(field);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: "${text}": invalid ${field}: must be an unsigned integer`);
  return Number(text);
}

interface Continuation {
  revision: number;
  /** Key of the last object given. */
  after: string;
}

/** A token with revision −1 goes on with the newest state, as the server's inconsistent tokens do. */
function encodeContinue({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString(
    'base64url',
  );
}

function decodeContinue(token: string): Continuation {
  try {
    const parsed = JSON.parse(Buffer.from(token, 'base64url').toString()) as {
      rv?: unknown;
      start?: unknown;
    };
    if (typeof parsed.rv === 'number' && typeof parsed.start === 'string') {
      return { revision: parsed.rv, after: parsed.start };
    }
  } catch {
    // Falls through: what doesn't parse is refused like what parses to something else.
  }
  throw badRequest('continue key is not valid: the token was not given out by this server');
}

const continueExpired =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

export interface ListResult {
  objects: JsonObject[];
  metadata: JsonObject;
}

/** At which revision a list without a continue token is to be read. */
function revisionToRead(core: Core, query: URLSearchParams): number {
  const current = core.store.revision();
  const asked = revisionOf(query);
  const match = query.get('resourceVersionMatch') ?? '';
  if (asked !== undefined && asked > current) throw tooLargeResourceVersion(String(asked), current);
  return match === 'Exact' && asked !== undefined && asked > 0 ? asked : current;
}

/**
 * @param staleAt serves the state of this revision for any requested version, as a cache that lags would
 * @throws StatusError
 */
export function list(
  core: Core,
  definition: Definition,
  namespace: string,
  query: URLSearchParams,
  staleAt?: number,
): ListResult {
  checkListOptions(query, 'list');
  const matches = selection(definition, namespace, query);
  const limit = Number(query.get('limit') ?? 0) || 0;
  const token = query.get('continue') ?? '';
  const from = token === '' ? undefined : decodeContinue(token);
  const asked =
    from === undefined || from.revision < 0 ? (staleAt ?? revisionToRead(core, query)) : from.revision;
  let entries: [string, JsonObject][];
  try {
    entries = core.store.list(definition.storage, asked);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    if (from === undefined) throw expired(`The resourceVersion for the provided list is too old.`);
    throw expired(continueExpired, encodeContinue({ revision: -1, after: from.after }));
  }
  const matching: [string, JsonObject][] = [];
  for (const [key, stored] of entries) {
    if ((from === undefined || key > from.after) && matches(stored)) matching.push([key, stored]);
  }
  const page = limit > 0 ? matching.slice(0, limit) : matching;
  const metadata: JsonObject = { resourceVersion: String(asked) };
  const last = page.at(-1);
  if (page.length < matching.length && last !== undefined) {
    metadata.continue = encodeContinue({ revision: asked, after: last[0] });
    const selective = query.get('labelSelector') || query.get('fieldSelector');
    if (!selective) metadata.remainingItemCount = matching.length - page.length;
  }
  return { objects: page.map(([, object]) => definition.fromStorage(object)), metadata };
}
