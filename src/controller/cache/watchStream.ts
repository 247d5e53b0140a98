import type { KubeObject } from '../client/client.ts';
import { isKubeObject } from '../client/decodeObject.ts';
import { ApiError, TransportError } from '../client/errors.ts';
import type { KubeRequest, Transport } from '../client/transport.ts';
import type { Clock, Timer } from '../lib/clock.ts';

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string };

export interface WatchOptions {
  transport: Transport;
  clock: Clock;
  path: string;
  query: Readonly<Record<string, string>>;
  accept?: string;
  /** Silence after which the connection is taken for dead, ms. */
  idleTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * One watch, from its request to its end. Ends when the server ends it; throws an ApiError for an error status or an
 * ERROR event, a TransportError when the connection breaks, stays silent too long or speaks no watch.
 */
export async function* watchStream(options: WatchOptions): AsyncGenerator<WatchEvent, void> {
  const { transport, clock, path, idleTimeoutMs, signal } = options;
  const closing = new AbortController();
  const close = () => closing.abort(signal.reason);
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  let idle = false;
  let watchdog: Timer | undefined;
  const listen = () => {
    watchdog?.cancel();
    watchdog = clock.setTimeout(() => {
      idle = true;
      closing.abort();
    }, idleTimeoutMs);
  };
  const request: KubeRequest = {
    method: 'GET',
    path,
    query: { ...options.query, watch: 'true', allowWatchBookmarks: 'true' },
    accept: options.accept,
    signal: closing.signal,
    timeoutMs: idleTimeoutMs,
  };
  try {
    listen();
    const answer = await transport.stream(request);
    if (answer.status >= 400) throw new ApiError('WATCH', path, answer);
    for await (const line of answer.lines) {
      listen();
      yield parseEvent(path, line);
    }
  } catch (error) {
    if (!idle) throw error;
    const detail = `nothing heard for ${idleTimeoutMs} ms, not even a bookmark`;
    throw new TransportError('TIMEOUT', 'WATCH', path, detail, { cause: error });
  } finally {
    watchdog?.cancel();
    signal.removeEventListener('abort', close);
    closing.abort();
  }
}

function parseEvent(path: string, line: unknown): WatchEvent {
  const event = line as { type?: unknown; object?: unknown } | null;
  const object = event?.object;
  if (event?.type === 'ERROR') {
    const code = (object as { code?: unknown } | undefined)?.code;
    throw new ApiError('WATCH', path, { status: typeof code === 'number' ? code : 500, body: object });
  }
  if (event?.type === 'BOOKMARK') {
    const version = (object as Partial<KubeObject> | undefined)?.metadata?.resourceVersion;
    if (typeof version === 'string') return { type: 'BOOKMARK', resourceVersion: version };
  }
  if (event?.type === 'ADDED' || event?.type === 'MODIFIED' || event?.type === 'DELETED') {
    if (isKubeObject(object)) return { type: event.type, object };
  }
  throw new TransportError('BAD_BODY', 'WATCH', path, 'a line is not a watch event');
}
