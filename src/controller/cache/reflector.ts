import type { Logger } from 'pino';
import type { KubeObject, Resource } from '../client/client.ts';
import {
  decodeProblem,
  dropManagedFields,
  isKubeObject,
  keepMetadataOnly,
  type Transform,
} from '../client/decodeObject.ts';
import { ApiError, isApiError, TransportError } from '../client/errors.ts';
import { ACCEPT_METADATA, kubeClient, listAll, listQuery, resourcePath } from '../client/kubeClient.ts';
import type { Transport } from '../client/transport.ts';
import { createBackoff } from '../lib/backoff.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { RuntimeMetrics } from '../serve/metrics.ts';
import { causeCode, LIST_CAUSES, type ListCause, relistCause } from './relistCause.ts';
import { compareResourceVersions } from './resourceVersion.ts';
import { objectKey, type ReflectedStore } from './store.ts';
import { watchStream } from './watchStream.ts';

export interface ReflectorOptions<T extends KubeObject> {
  transport: Transport;
  resource: Resource;
  /** Filled by this reflector alone. */
  store: ReflectedStore<T>;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
  /** Default: all. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Ask for metadata alone, and keep none of its annotations. */
  metadataOnly?: boolean;
  /** Default: drops managedFields, and with `metadataOnly` the annotations as well. */
  transform?: Transform;
  /** Types an object; a throw leaves this version of it out, reported, and the version held before stays. */
  decode?: (raw: unknown) => T;
  /** Default 500. */
  pageSize?: number;
  /** Silence after which a watch is taken for dead, ms; above the server's bookmark period (kube-apiserver: 60 s). Default 90,000. */
  idleTimeoutMs?: number;
  /** The server ends a watch after once to twice this, ms. Default 300,000. */
  watchTimeoutMs?: number;
  /** Lists below a version already seen are stale replicas, until they have said so for this long without an error, ms: then the server's state was set back, and is believed. Default 30,000. */
  rollbackAfterMs?: number;
  /** The server's state was set back, as is believed from now on; other stores of the same server may have to list. */
  onSetBack?: () => void;
  /** Each failure to list or watch. */
  onError?: (error: Error) => void;
}

export interface Reflector {
  /** Whether the store has held a complete list once. */
  hasSynced(): boolean;
  /** True once synced; false when `signal` aborted or the reflector stopped before. */
  waitForSync(signal?: AbortSignal): Promise<boolean>;
  /** The last error since the last success. */
  lastError(): Error | undefined;
  /** When the server was last heard, in monotonic ms. */
  lastContact(): number | undefined;
  /** Lists again after another reflector found that the server was set back: once the server has gone on, own versions don't show it. */
  relist(): void;
  stop(): Promise<void>;
}

/** A watch that lived this long was healthy: the next one may begin at once. */
const HEALTHY_AFTER_MS = 5_000;

/**
 * Keeps a store equal to the server: lists, then watches from the list's version. After any break it resumes at the last version
 * seen, and lists again only when that version is compacted (410) or the stream can't be trusted.
 * Nothing but `stop` ends it. Delays are client-go's, 0.8 → 30 s.
 */
export function startReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector {
  const { transport, resource, store, clock, random, metrics, namespace } = options;
  const {
    pageSize = 500,
    idleTimeoutMs = 90_000,
    watchTimeoutMs = 300_000,
    rollbackAfterMs = 30_000,
  } = options;
  const { labelSelector, fieldSelector, metadataOnly = false } = options;
  const transform = options.transform ?? (metadataOnly ? keepMetadataOnly : dropManagedFields);
  const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  const labels = { name };
  const logger = options.logger.child({ resource: name });
  const client = kubeClient(transport, { clock, maxRetries: 0, timeoutMs: idleTimeoutMs });
  const backoff = createBackoff({ random, minMs: 800, maxMs: 30_000 });
  const stopping = new AbortController();
  const { signal } = stopping;
  const syncWaiters = new Set<() => void>();
  for (const counter of [metrics.reflectorWatches, metrics.reflectorUndecodable]) counter.inc(labels, 0);
  for (const cause of LIST_CAUSES) metrics.reflectorLists.inc({ ...labels, cause }, 0);
  let listCause: ListCause | undefined = 'start';
  let staleSince: number | undefined;
  let cut = new AbortController();
  let relists = 0;
  let synced = false;
  let listedAt = Number.NEGATIVE_INFINITY;
  let lastError: Error | undefined;
  let lastContact: number | undefined;

  function heard(): void {
    lastContact = clock.monotonic();
    lastError = undefined;
  }

  function decode(raw: KubeObject): T | undefined {
    try {
      const object = transform(raw);
      return options.decode ? options.decode(object) : (object as T);
    } catch (error) {
      metrics.reflectorUndecodable.inc(labels);
      logger.warn(
        { key: objectKey(raw), problem: decodeProblem(error) },
        'an object does not match its schema and is left out until it does; the version held before stays',
      );
      return undefined;
    }
  }

  // The last form of a deleted object does not matter.
  function heldAt(raw: KubeObject): T | undefined {
    const held = store.get(objectKey(raw));
    const { resourceVersion } = raw.metadata;
    return held && { ...held, metadata: { ...held.metadata, resourceVersion } };
  }

  function apply(change: () => void): void {
    try {
      change();
    } catch (error) {
      // The store itself is whole: it changes first, and calls its listeners then.
      logger.error({ err: error }, 'a listener of the store failed');
    }
  }

  async function list(cause: string): Promise<void> {
    const selectors = { namespace, labelSelector, fieldSelector, metadataOnly };
    const [relistsBefore, staleBefore] = [relists, staleSince];
    // Without a resourceVersion the list is a consistent read: the server's newest state.
    staleSince = undefined;
    const answer = await listAll<KubeObject>(client, resource, { ...selectors, limit: pageSize });
    if (signal.aborted) return;
    metrics.reflectorLists.inc({ ...labels, cause });
    const version = answer.resourceVersion;
    const seen = store.resourceVersion();
    const isStale = seen !== undefined && compareResourceVersions(version, seen) < 0;
    if (isStale) {
      const since = staleBefore ?? clock.monotonic();
      if (clock.monotonic() - since < rollbackAfterMs) {
        staleSince = since;
        listCause = 'stale';
        throw new Error(`list of ${name} is at ${version}, but ${seen} was seen before: the server lags`);
      }
      logger.error({ version, seen }, 'the API server went back to an older state (a restored backup?)');
    }
    // One that can't be decoded is still there: it must not look deleted.
    const items = answer.items.filter(isKubeObject).flatMap((raw) => {
      return decode(raw) ?? store.get(objectKey(raw)) ?? [];
    });
    const wentBack = isStale || store.showsOlder(items, version);
    apply(() => (isStale ? store.reset(items, version) : store.applyList(items, version)));
    listCause = relists === relistsBefore ? undefined : 'set_back';
    if (wentBack) options.onSetBack?.();
    listedAt = clock.monotonic();
    heard();
    if (!synced) logger.info({ objects: items.length, version }, 'synced');
    synced = true;
    for (const wake of syncWaiters) wake();
  }

  async function watch(from: string): Promise<void> {
    const seconds = Math.ceil((watchTimeoutMs * (1 + random.next())) / 1000);
    const query = {
      ...listQuery({ labelSelector, fieldSelector, resourceVersion: from }),
      timeoutSeconds: String(seconds),
    };
    metrics.reflectorWatches.inc(labels);
    cut = new AbortController();
    const ended = AbortSignal.any([signal, cut.signal]);
    const events = watchStream({
      transport,
      clock,
      path: resourcePath(resource, { namespace }),
      query,
      accept: metadataOnly ? ACCEPT_METADATA : undefined,
      idleTimeoutMs,
      signal: ended,
    });
    for await (const event of events) {
      if (ended.aborted) return;
      heard();
      if (event.type === 'BOOKMARK') {
        if (compareResourceVersions(event.resourceVersion, from) < 0) {
          const detail = `a bookmark at ${event.resourceVersion}, below the version asked for`;
          throw new TransportError('SET_BACK', 'WATCH', resourcePath(resource, { namespace }), detail);
        }
        store.advance(event.resourceVersion);
        continue;
      }
      const version = event.object.metadata.resourceVersion;
      const isDeletion = event.type === 'DELETED';
      const object = decode(event.object) ?? (isDeletion ? heldAt(event.object) : undefined);
      if (object) apply(() => (isDeletion ? store.applyDelete(object) : store.applyWrite(object)));
      store.advance(version);
    }
  }

  function failed(error: unknown): void {
    lastError = error instanceof Error ? error : new Error(String(error));
    const why = relistCause(error);
    if (why !== undefined) listCause = why;
    const cause = error instanceof ApiError ? String(error.status) : causeCode(error);
    metrics.reflectorFailures.inc({ ...labels, cause });
    options.onError?.(lastError);
    if (why === 'expired') logger.info('the version to resume at is compacted; listing again');
    else
      logger.warn(
        { err: error, relist: listCause !== undefined },
        'out of touch with the API server; trying again',
      );
  }

  /** One list if one is due, and one watch; how long the watch lived, ms. */
  async function round(): Promise<number> {
    if (listCause !== undefined) await list(listCause);
    const from = store.resourceVersion();
    if (from === undefined || signal.aborted || listCause !== undefined) return 0;
    const startedAt = clock.monotonic();
    try {
      await watch(from);
    } catch (error) {
      if (!signal.aborted && !cut.signal.aborted) failed(error);
    }
    return clock.monotonic() - startedAt;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const lived = await round().catch((error: unknown) => {
        if (!signal.aborted) failed(error);
        return 0;
      });
      if (lived >= HEALTHY_AFTER_MS) backoff.reset();
      // A compacted version is no failure, unless the list just read is already too old.
      const expired = listCause === 'expired' && clock.monotonic() - listedAt >= HEALTHY_AFTER_MS;
      if (lived >= HEALTHY_AFTER_MS || expired) continue;
      const asked = isApiError(lastError) ? (lastError.retryAfterMs ?? 0) : 0;
      await sleep(clock, Math.max(asked, backoff.next()), signal);
    }
  }

  const running = run();
  return {
    hasSynced: () => synced,
    lastError: () => lastError,
    lastContact: () => lastContact,
    relist() {
      relists += 1;
      listCause ??= 'set_back';
      cut.abort();
    },
    waitForSync(giveUp) {
      return new Promise((resolve) => {
        const settle = () => {
          syncWaiters.delete(settle);
          giveUp?.removeEventListener('abort', settle);
          signal.removeEventListener('abort', settle);
          resolve(synced);
        };
        if (synced || giveUp?.aborted || signal.aborted) return settle();
        syncWaiters.add(settle);
        giveUp?.addEventListener('abort', settle);
        signal.addEventListener('abort', settle);
      });
    },
    async stop() {
      stopping.abort(new Error('stopped'));
      await running;
    },
  };
}
