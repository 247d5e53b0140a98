import type { KubeObject } from '../client/client.ts';
import { ApiError, isApiError, TransportError } from '../client/errors.ts';
import { ACCEPT_METADATA, kubeClient, listAll, listQuery, resourcePath } from '../client/kubeClient.ts';
import { createBackoff } from '../lib/backoff.ts';
import { sleep } from '../lib/clock.ts';
import { createIntake } from './intake.ts';
import type { Reflector, ReflectorOptions } from './reflectorOptions.ts';
import { afterError, type ReflectorState, resume } from './reflectorState.ts';
import { causeCode, LIST_CAUSES } from './relistCause.ts';
import { compareResourceVersions } from './resourceVersion.ts';
import { createSyncGate } from './syncGate.ts';
import { watchStream } from './watchStream.ts';

/** A watch that lived this long was healthy: the next one may begin at once. */
const HEALTHY_AFTER_MS = 5_000;

/**
 * Keeps a store equal to the server: lists, then watches from the list's version. After any break it resumes at the last version
 * seen, and lists again only when that version is compacted (410) or the stream can't be trusted.
 * Only `stop` ends it. Delays are client-go's, 0.8 → 30 s.
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
  const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  const path = resourcePath(resource, { namespace });
  const labels = { name };
  const logger = options.logger.child({ resource: name });
  const client = kubeClient(transport, { clock, maxRetries: 0, timeoutMs: idleTimeoutMs });
  const backoff = createBackoff({ random, minMs: 800, maxMs: 30_000 });
  const stopping = new AbortController();
  const { signal } = stopping;
  const gate = createSyncGate(signal);
  const intake = createIntake(options, logger, labels);
  metrics.reflectorWatches.inc(labels, 0);
  for (const cause of LIST_CAUSES) metrics.reflectorLists.inc({ ...labels, cause }, 0);
  let state: ReflectorState = { step: 'list', cause: 'start' };
  /** A list that began before this was set doesn't answer it. */
  let relistAsked = false;
  let cut = new AbortController();
  let listedAt = Number.NEGATIVE_INFINITY;
  let lastError: Error | undefined;
  let lastContact: number | undefined;

  function heard(): void {
    lastContact = clock.monotonic();
    lastError = undefined;
  }

  function failed(error: unknown, next: ReflectorState): void {
    lastError = error instanceof Error ? error : new Error(String(error));
    const cause = error instanceof ApiError ? String(error.status) : causeCode(error);
    metrics.reflectorFailures.inc({ ...labels, cause });
    options.onError?.(lastError);
    const lists = next.step === 'list';
    if (lists && next.cause === 'expired')
      logger.info('the version to resume at is compacted; listing again');
    else logger.warn({ err: error, relist: lists }, 'out of touch with the API server; trying again');
  }

  async function list({ cause, staleSince }: ReflectorState & { step: 'list' }): Promise<ReflectorState> {
    relistAsked = false;
    const selectors = { namespace, labelSelector, fieldSelector, metadataOnly };
    // Without a resourceVersion the list is a consistent read: the server's newest state.
    const answer = await listAll<KubeObject>(client, resource, { ...selectors, limit: pageSize });
    if (signal.aborted) return resume(store.resourceVersion());
    metrics.reflectorLists.inc({ ...labels, cause });
    const version = answer.resourceVersion;
    const seen = store.resourceVersion();
    const isStale = seen !== undefined && compareResourceVersions(version, seen) < 0;
    if (isStale) {
      const since = staleSince ?? clock.monotonic();
      if (clock.monotonic() - since < rollbackAfterMs) {
        const next = { step: 'list', cause: 'stale', staleSince: since } as const;
        failed(
          new Error(`list of ${name} is at ${version}, but ${seen} was seen before: the server lags`),
          next,
        );
        return next;
      }
      logger.error({ version, seen }, 'the API server went back to an older state (a restored backup?)');
    }
    const showsOlder = intake.list(answer.items, version, isStale);
    if (isStale || showsOlder) options.onSetBack?.();
    listedAt = clock.monotonic();
    heard();
    if (!gate.isOpen()) logger.info({ objects: store.size(), version }, 'synced');
    gate.open();
    return resume(store.resourceVersion());
  }

  async function watch({ from }: ReflectorState & { step: 'watch' }): Promise<ReflectorState> {
    const seconds = Math.ceil((watchTimeoutMs * (1 + random.next())) / 1000);
    const query = {
      ...listQuery({ labelSelector, fieldSelector, resourceVersion: from }),
      timeoutSeconds: String(seconds),
    };
    metrics.reflectorWatches.inc(labels);
    cut = new AbortController();
    const ended = AbortSignal.any([signal, cut.signal]);
    const accept = metadataOnly ? ACCEPT_METADATA : undefined;
    const events = watchStream({ transport, clock, path, query, accept, idleTimeoutMs, signal: ended });
    try {
      for await (const event of events) {
        if (ended.aborted) break;
        heard();
        if (event.type !== 'BOOKMARK') intake.event(event);
        else if (compareResourceVersions(event.resourceVersion, from) >= 0)
          store.advance(event.resourceVersion);
        else {
          const detail = `a bookmark at ${event.resourceVersion}, below the version asked for`;
          throw new TransportError('SET_BACK', 'WATCH', path, detail);
        }
      }
    } catch (error) {
      // What this side ended is no failure.
      if (!ended.aborted) throw error;
    }
    return resume(store.resourceVersion());
  }

  async function step(): Promise<ReflectorState> {
    try {
      return state.step === 'list' ? await list(state) : await watch(state);
    } catch (error) {
      const next = afterError(state, error, store.resourceVersion());
      if (!signal.aborted) failed(error, next);
      return next;
    }
  }

  const asked = (next: ReflectorState): ReflectorState =>
    relistAsked && next.step === 'watch' ? { step: 'list', cause: 'set_back' } : next;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      state = asked(state);
      const [{ step: done }, startedAt] = [state, clock.monotonic()];
      state = asked(await step());
      const lived = done === 'watch' ? clock.monotonic() - startedAt : 0;
      if (lived >= HEALTHY_AFTER_MS) backoff.reset();
      if (lived >= HEALTHY_AFTER_MS || (done === 'list' && state.step === 'watch')) continue;
      // A compacted version is no failure, unless the list just read is already too old.
      const isExpired = done === 'watch' && state.step === 'list' && state.cause === 'expired';
      if (isExpired && clock.monotonic() - listedAt >= HEALTHY_AFTER_MS) continue;
      const retryAfterMs = isApiError(lastError) ? (lastError.retryAfterMs ?? 0) : 0;
      await sleep(clock, Math.max(retryAfterMs, backoff.next()), signal);
    }
  }

  const running = run();
  return {
    hasSynced: gate.isOpen,
    lastError: () => lastError,
    lastContact: () => lastContact,
    relist() {
      relistAsked = true;
      cut.abort();
    },
    waitForSync: gate.wait,
    async stop() {
      stopping.abort(new Error('stopped'));
      await running;
    },
  };
}
