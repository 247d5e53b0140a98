import { copyOf } from '../../../src/api/base/plain.ts';
import { TransportError } from '../../../src/controller/client/errors.ts';
import type { KubeRequest, Transport } from '../../../src/controller/client/transport.ts';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import { ConnectionLost } from '../faults/faults.ts';
import type { ApiResponse } from '../request/http.ts';
import type { Watch } from '../request/watchStream.ts';
import type { Handler } from './handler.ts';

export interface InProcessOptions {
  /** For the requests' own time limits. */
  clock: Clock;
  userAgent?: string;
}

function lost(request: KubeRequest, code: string, detail: string): TransportError {
  return new TransportError(code, request.method, request.path, detail);
}

/** What crosses the wire shares nothing with what either side keeps. The server's answers are plain JSON already. */
const copied: (value: unknown) => unknown = copyOf;

/** Rejects when the caller gives up; the server knows nothing of that and goes on. */
function orGiveUp(request: KubeRequest, clock: Clock, answer: Promise<ApiResponse>): Promise<ApiResponse> {
  const { signal, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    let over = false;
    const end = (then: () => void): void => {
      over = true;
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
      then();
    };
    const abort = (): void => end(() => reject(lost(request, 'ABORTED', 'the caller gave up')));
    const timeOut = (): void =>
      end(() => reject(lost(request, 'TIMEOUT', `no answer within ${timeoutMs} ms`)));
    const timer = timeoutMs === undefined ? undefined : clock.setTimeout(timeOut, timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    answer.then(
      // No caller would close a watch that opens after its caller has left.
      (response) => (over ? response.watch?.close() : end(() => resolve(response))),
      (error: unknown) => end(() => reject(asTransportError(request, error))),
    );
  });
}

function asTransportError(request: KubeRequest, error: unknown): unknown {
  return error instanceof ConnectionLost ? lost(request, 'ECONNRESET', error.message) : error;
}

function linesOf(request: KubeRequest, watch: Watch): AsyncIterable<unknown> {
  const { signal } = request;
  const abort = (): void => watch.abort(lost(request, 'ABORTED', 'the caller gave up'));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return (async function* (): AsyncGenerator<unknown> {
    try {
      for await (const frame of watch.frames) yield copied(frame);
    } catch (error) {
      throw asTransportError(request, error);
    } finally {
      signal?.removeEventListener('abort', abort);
      watch.close();
    }
  })();
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
