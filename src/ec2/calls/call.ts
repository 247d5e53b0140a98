import type { Logger } from 'pino';
import type { Clock } from '../../controller/lib/clock.ts';
import type { BucketName, Buckets } from './buckets.ts';
import { CODE, classify, ec2Failure } from './errors.ts';
import type { Ec2Metrics } from './metrics.ts';
import type { Ec2Failure } from './port.ts';
import type { ProxyEnv } from './proxy.ts';

export interface CallerOptions {
  /** From the send to the whole answer, in ms; and as long again for what comes before the send, e.g. credentials. */
  timeoutMs: number;
  buckets: Buckets;
  clock: Clock;
  metrics: Ec2Metrics;
  logger: Logger;
  /** The proxy that explains errors; none where AWS is reached directly. */
  proxy?: ProxyEnv | undefined;
}

export interface Call<T> {
  action: string;
  bucket: BucketName;
  /** Sends at most one HTTP request. `onSend` is to be called immediately before it goes out; when it throws, it must not. */
  send: (signal: AbortSignal, onSend: () => void) => Promise<T>;
  beforeSend?: (() => void) | undefined;
  /** `beforeSend` takes the token of the one attempt. */
  ownToken?: boolean | undefined;
  /** Texts of the request that no message may repeat. */
  secrets?: readonly string[];
  /** HTTP attempts, each with a token of its own; more than one only for reads. Default 1. */
  attempts?: number;
}

// A pooled connection that the server closed meanwhile fails at the first byte. Other failures are for the caller's loop.
const STALE_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** Runs calls: bucket, beforeSend, time limit, error class, metrics. Rejects with an Ec2Failure and nothing else. */
export function createCaller({ timeoutMs, buckets, clock, metrics, logger, proxy }: CallerOptions) {
  return async function run<T>(call: Call<T>): Promise<T> {
    for (let attemptsLeft = (call.attempts ?? 1) - 1; ; attemptsLeft--) {
      if (!call.ownToken) await buckets.take(call.bucket);
      const result = await attempt(call);
      if (result.ok) {
        settle(call, 'ok');
        return result.value;
      }
      const { failure } = result;
      settle(call, failure.class);
      logger.debug({ action: call.action, class: failure.class, code: failure.code }, 'EC2 call failed');
      if (attemptsLeft <= 0 || !STALE_CONNECTION.has(failure.code)) throw failure;
    }
  };

  function settle<T>(call: Call<T>, outcome: string): void {
    metrics.call(call.action, outcome);
    if (outcome === 'throttled') buckets.throttled(call.bucket);
    else if (outcome !== 'notSent' && outcome !== 'ambiguous') buckets.answered(call.bucket);
  }

  async function attempt<T>(
    call: Call<T>,
  ): Promise<{ ok: true; value: T } | { ok: false; failure: Ec2Failure }> {
    const { action, secrets = [] } = call;
    const abort = new AbortController();
    let sent = false;
    let blocked: Ec2Failure | undefined;
    let expire: () => void = () => undefined;
    const expired = new Promise<never>((_, reject) => {
      expire = () => {
        const error = sent
          ? ec2Failure({
              class: 'ambiguous',
              code: CODE.timeout,
              action,
              detail: `no answer within ${timeoutMs} ms`,
            })
          : ec2Failure({
              class: 'notSent',
              code: CODE.timeout,
              action,
              detail: `the request was not ready within ${timeoutMs} ms; credentials or endpoint are slow to come`,
            });
        reject(error);
        abort.abort(error);
      };
    });
    let timer = clock.setTimeout(() => expire(), timeoutMs);

    const onSend = () => {
      abort.signal.throwIfAborted();
      try {
        call.beforeSend?.();
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        blocked = ec2Failure({ class: 'notSent', code: CODE.blocked, action, detail });
        throw blocked;
      }
      sent = true;
      timer.cancel();
      timer = clock.setTimeout(() => expire(), timeoutMs);
    };

    try {
      return { ok: true, value: await Promise.race([call.send(abort.signal, onSend), expired]) };
    } catch (error) {
      return { ok: false, failure: blocked ?? classify(error, { action, sent, secrets, proxy }) };
    } finally {
      timer.cancel();
    }
  }
}

export type Caller = ReturnType<typeof createCaller>;
