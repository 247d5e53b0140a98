import type { Clock } from '../lib/clock.ts';
import { TransportError } from './errors.ts';
import type { KubeRequest } from './transport.ts';

/** Bounds of one request from outside: its time, its caller's signal, and its last check before it leaves. */
export interface RequestLimits {
  /** Aborts when either ends it. */
  signal: AbortSignal;
  /** Settles as the promise does, or rejects at once when the request is ended: a connection being made can't be hurried. */
  within<T>(promise: Promise<T>): Promise<T>;
  beforeSend: () => void;
  /** No more limit of time; the caller's signal still ends it. */
  endTime(): void;
  end(): void;
  /** The error that the caller is to see. */
  explain(error: unknown): unknown;
}

export function startLimits(clock: Clock, request: KubeRequest, defaultMs: number): RequestLimits {
  const { method, path, timeoutMs = defaultMs } = request;
  const ending = new AbortController();
  let refusal: { error: unknown } | undefined;
  /** One listener of the signal for all: adding one costs more than most of what is waited for. */
  const waiting = new Set<(reason: unknown) => void>();
  ending.signal.addEventListener('abort', () => {
    for (const reject of waiting) reject(ending.signal.reason);
  });
  const abort = () => {
    ending.abort(new TransportError('ABORTED', method, path, 'given up by its caller'));
  };
  const timer = clock.setTimeout(() => {
    ending.abort(new TransportError('TIMEOUT', method, path, `no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  if (request.signal?.aborted) abort();
  request.signal?.addEventListener('abort', abort, { once: true });

  return {
    signal: ending.signal,
    within(promise) {
      return new Promise((resolve, reject) => {
        if (ending.signal.aborted) reject(ending.signal.reason);
        waiting.add(reject);
        promise.then(
          (value) => {
            waiting.delete(reject);
            resolve(value);
          },
          (error: unknown) => {
            waiting.delete(reject);
            reject(error);
          },
        );
      });
    },
    beforeSend() {
      try {
        request.beforeSend?.();
      } catch (error) {
        refusal = { error };
        throw error;
      }
    },
    endTime: () => timer.cancel(),
    end() {
      timer.cancel();
      request.signal?.removeEventListener('abort', abort);
    },
    explain(error) {
      if (refusal) return refusal.error;
      if (ending.signal.aborted) return ending.signal.reason;
      if (error instanceof TransportError) return error;
      const { code, message } = error as { code?: unknown; message?: unknown };
      const known = typeof code === 'string' ? code : 'UNKNOWN';
      return new TransportError(known, method, path, String(message), { cause: error });
    },
  };
}
