import { type Clock, sleep } from '../lib/clock.ts';
import type { KubeClient, KubeObject, ListOptions, ListPage, Resource, WriteOptions } from './client.ts';
import { ApiError, isApiError, isGone, TransportError } from './errors.ts';
import type { KubeRequest, KubeResponse, Transport } from './transport.ts';

/** Metadata only, without a fallback to whole objects: a server that can't must fail, not send Secrets. */
export const ACCEPT_METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const ACCEPT_METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export interface KubeClientOptions {
  clock: Clock;
  /** Limit of one attempt, ms. */
  timeoutMs?: number;
  /** How often a request that the server refused to process (429), or a read that got no answer, is sent again. */
  maxRetries?: number;
  /** A Retry-After above this is the caller's to wait for, ms. */
  maxRetryAfterMs?: number;
}

/** The path of a collection, an object or a subresource of it. */
export function resourcePath(
  resource: Resource,
  target: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const parts = [root, resource.version];
  if (resource.namespaced && target.namespace !== undefined) {
    parts.push('namespaces', encodeURIComponent(target.namespace));
  }
  parts.push(resource.plural);
  if (target.name !== undefined) parts.push(encodeURIComponent(target.name));
  if (target.subresource !== undefined) parts.push(target.subresource);
  return parts.join('/');
}

/** List and watch share these parameters. */
export function listQuery(options: ListOptions): Record<string, string> {
  const query: Record<string, string> = {};
  if (options.labelSelector !== undefined) query.labelSelector = options.labelSelector;
  if (options.fieldSelector !== undefined) query.fieldSelector = options.fieldSelector;
  if (options.limit !== undefined) query.limit = String(options.limit);
  if (options.continue !== undefined) query.continue = options.continue;
  // The API refuses a resourceVersion next to a continue token, which names its own.
  else if (options.resourceVersion !== undefined) query.resourceVersion = options.resourceVersion;
  return query;
}

export function kubeClient(transport: Transport, options: KubeClientOptions): KubeClient {
  const { clock, timeoutMs = 15_000, maxRetries = 5, maxRetryAfterMs = 30_000 } = options;

  async function send(request: KubeRequest): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      const failure = await once({ timeoutMs, ...request });
      if (!(failure instanceof Error)) return failure.body;
      const wait = attempt < maxRetries && !request.signal?.aborted ? retryIn(request, failure) : undefined;
      if (wait === undefined || wait > maxRetryAfterMs) throw failure;
      await sleep(clock, wait, request.signal);
      if (request.signal?.aborted) throw failure;
    }
  }

  async function once(request: KubeRequest): Promise<KubeResponse | Error> {
    try {
      const response = await transport.request(request);
      return response.status >= 400 ? new ApiError(request.method, request.path, response) : response;
    } catch (error) {
      if (error instanceof TransportError) return error;
      throw error;
    }
  }

  function path(resource: Resource, name: string | undefined, namespace?: string, subresource?: 'status') {
    if (resource.namespaced && name !== undefined && namespace === undefined) {
      throw new TypeError(`${resource.plural} "${name}": a namespaced object needs its namespace`);
    }
    return resourcePath(resource, { name, namespace, subresource });
  }

  const writeRequest = (write: WriteOptions = {}) => ({ beforeSend: write.beforeSend, signal: write.signal });

  return {
    async get<T extends KubeObject>(resource: Resource, name: string, namespace?: string) {
      return (await send({ method: 'GET', path: path(resource, name, namespace) })) as T;
    },

    async list<T extends KubeObject>(resource: Resource, list: ListOptions = {}): Promise<ListPage<T>> {
      const request: KubeRequest = {
        method: 'GET',
        path: path(resource, undefined, list.namespace),
        query: listQuery(list),
        accept: list.metadataOnly ? ACCEPT_METADATA_LIST : undefined,
      };
      return listPage<T>(request, await send(request));
    },

    async create<T extends KubeObject>(
      resource: Resource,
      body: unknown,
      namespace?: string,
      write?: WriteOptions,
    ) {
      const request = { method: 'POST' as const, path: path(resource, undefined, namespace), body };
      return (await send({ ...request, ...writeRequest(write) })) as T;
    },

    async replace<T extends KubeObject>(resource: Resource, body: KubeObject, write?: WriteOptions) {
      const target = path(resource, body.metadata.name, body.metadata.namespace);
      return (await send({ method: 'PUT', path: target, body, ...writeRequest(write) })) as T;
    },

    async mergePatch<T extends KubeObject>(
      resource: Resource,
      target: { name: string; namespace?: string; subresource?: 'status' },
      patch: unknown,
      write?: WriteOptions,
    ) {
      const request: KubeRequest = {
        method: 'PATCH',
        path: path(resource, target.name, target.namespace, target.subresource),
        body: patch,
        contentType: 'application/merge-patch+json',
      };
      return (await send({ ...request, ...writeRequest(write) })) as T;
    },

    async delete(resource, name, namespace, write) {
      await send({ method: 'DELETE', path: path(resource, name, namespace), ...writeRequest(write) });
    },
  };
}

/** When to send again, or undefined. A request with a 429 was not processed, of any method; a read may be repeated anyway. */
function retryIn(request: KubeRequest, failure: Error): number | undefined {
  if (isApiError(failure, 429)) return failure.retryAfterMs;
  if (request.method !== 'GET') return undefined;
  if (isApiError(failure, 503)) return failure.retryAfterMs;
  // A kept-alive connection that the server closed just as it was used.
  if (failure instanceof TransportError && /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(failure.code)) return 0;
  return undefined;
}

function listPage<T>(request: KubeRequest, body: unknown): ListPage<T> {
  const list = body as
    | { items?: T[]; metadata?: { resourceVersion?: string; continue?: string } }
    | undefined;
  if (!list?.metadata?.resourceVersion) {
    throw new TransportError('BAD_BODY', request.method, request.path, 'the answer is not a list');
  }
  const page: ListPage<T> = { items: list.items ?? [], resourceVersion: list.metadata.resourceVersion };
  if (list.metadata.continue) page.continue = list.metadata.continue;
  return page;
}

/**
 * A whole, consistent list, page by page. When a page's token is compacted meanwhile (410), it starts over, once:
 * the answer is then one page without limit, which cannot expire.
 */
export async function listAll<T extends KubeObject>(
  client: Pick<KubeClient, 'list'>,
  resource: Resource,
  options: ListOptions = {},
): Promise<{ items: T[]; resourceVersion: string }> {
  const items: T[] = [];
  const { limit = 500, ...rest } = options;
  let page = await client.list<T>(resource, { ...rest, limit });
  items.push(...page.items);
  while (page.continue !== undefined) {
    try {
      page = await client.list<T>(resource, { ...rest, limit, continue: page.continue });
    } catch (error) {
      if (!isGone(error)) throw error;
      return client.list<T>(resource, rest);
    }
    items.push(...page.items);
  }
  return { items, resourceVersion: page.resourceVersion };
}
