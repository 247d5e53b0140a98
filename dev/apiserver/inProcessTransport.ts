import type { Clock } from '../../src/controller/clock.ts';
import { TransportError } from '../../src/controller/errors.ts';
import type { KubeRequest, Transport } from '../../src/controller/transport.ts';
import { ConnectionLost } from './faults.ts';
import type { Handler } from './handler.ts';
import type { ApiResponse } from './http.ts';
import type { JsonValue } from './kinds.ts';
import type { Watch } from './watch.ts';

export interface InProcessOptions {
  /** For the requests' own time limits. */
  clock: Clock;
  userAgent?: string;
}

function lost(request: KubeRequest, code: string, detail: string): TransportError {
  return new TransportError(code, request.method, request.path, detail);
}

/** What crosses the wire shares nothing with what either side keeps. */
function copied(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Rejects when the caller gives up; the server knows nothing of that and goes on. */
function orGiveUp<T>(request: KubeRequest, clock: Clock, answer: Promise<T>): Promise<T> {
  const { signal, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    const abort = () => end(() => reject(lost(request, 'ABORTED', 'the caller gave up')));
    const timer =
      timeoutMs === undefined
        ? undefined
        : clock.setTimeout(
            () => end(() => reject(lost(request, 'TIMEOUT', `no answer within ${timeoutMs} ms`))),
            timeoutMs,
          );
    const end = (then: () => void) => {
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
      then();
    };
    signal?.addEventListener('abort', abort, { once: true });
    answer.then(
      (value) => end(() => resolve(value)),
      (error: unknown) =>
        end(() =>
          reject(error instanceof ConnectionLost ? lost(request, 'ECONNRESET', error.message) : error),
        ),
    );
  });
}

async function* linesOf(request: KubeRequest, watch: Watch): AsyncGenerator<unknown> {
  const { signal } = request;
  const abort = () => watch.abort(lost(request, 'ABORTED', 'the caller gave up'));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for await (const frame of watch.frames) yield copied(frame as unknown as JsonValue);
  } catch (error) {
    throw error instanceof ConnectionLost ? lost(request, 'ECONNRESET', error.message) : error;
  } finally {
    signal?.removeEventListener('abort', abort);
    watch.close();
  }
}

/** The API server without sockets, with what sockets do to requests: time limits, lost answers, separate copies. */
export function inProcessTransport(handler: Handler, options: InProcessOptions): Transport {
  const send = async (request: KubeRequest): Promise<ApiResponse> => {
    if (request.signal?.aborted) throw lost(request, 'ABORTED', 'the caller gave up');
    const body = request.body === undefined ? '' : JSON.stringify(request.body);
    request.beforeSend?.();
    const answer = handler({
      method: request.method,
      path: request.path,
      query: new URLSearchParams(request.query),
      headers: {
        accept: request.accept ?? 'application/json',
        'content-type': request.contentType ?? 'application/json',
        'user-agent': options.userAgent ?? 'in-process',
      },
      body: Buffer.from(body),
    });
    return orGiveUp(request, options.clock, answer);
  };
  return {
    async request(request) {
      const { status, headers, body, watch } = await send(request);
      watch?.close();
      return { status, headers, body: body === undefined ? undefined : copied(body) };
    },
    async stream(request) {
      const { status, body, watch } = await send(request);
      if (watch !== undefined) return { status, lines: linesOf(request, watch) };
      const none = (async function* (): AsyncGenerator<unknown> {})();
      return { status, body: body === undefined ? undefined : copied(body), lines: none };
    },
  };
}
