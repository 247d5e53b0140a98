import type { Dispatcher } from 'undici';
import type { Clock } from '../lib/clock.ts';
import type { RuntimeMetrics } from '../serve/metrics.ts';
import { type Credentials, createCredentials, credentialProblem } from './credentials.ts';
import { TransportError } from './errors.ts';
import { createDispatcher } from './httpDispatcher.ts';
import { jsonLines } from './jsonLines.ts';
import { type KubeConfig, loadKubeConfig } from './kubeConfig.ts';
import { type RequestLimits, startLimits } from './requestLimits.ts';
import type { KubeRequest, KubeResponse, Transport } from './transport.ts';

export interface KubeTransportOptions {
  clock: Clock;
  metrics: RuntimeMetrics;
  /** Default: `KUBECONFIG`, `~/.kube/config`, or the pod's service account. Called again after a 401. */
  loadKubeConfig?: () => KubeConfig | Promise<KubeConfig>;
  userAgent?: string;
  /** How long token and certificate files are used without being read again, ms. Default 10,000. */
  credentialsRefreshMs?: number;
  /** Default 30,000. */
  timeoutMs?: number;
  /** Default 10,000. */
  connectTimeoutMs?: number;
}

/** After a 401 credentials younger than this are not read again: the server means it. */
const FRESH_CREDENTIALS_MS = 5_000;

/**
 * Requests over kept-alive connections: one TLS handshake a connection, not one a request (20,000 against 457 PATCH/s).
 * HTTP/1.1 on purpose: with HTTP/2 all watches and writes would share one connection, and die or stall together.
 */
export function kubeTransport(options: KubeTransportOptions): Transport & { close(): Promise<void> } {
  const { clock, metrics, userAgent = 'node-controller', timeoutMs = 30_000 } = options;
  const credentials = createCredentials({
    clock,
    load: options.loadKubeConfig ?? (() => loadKubeConfig()),
    refreshMs: options.credentialsRefreshMs ?? 10_000,
  });
  let connection: { key: string; dispatcher: Dispatcher; host: string } | undefined;

  function connectionFor(current: Credentials) {
    if (connection?.key !== current.connectionKey) {
      // Requests under way finish on the old connections.
      void connection?.dispatcher.close();
      const dispatcher = createDispatcher(current, options.connectTimeoutMs ?? 10_000);
      connection = { key: current.connectionKey, dispatcher, host: new URL(current.origin).host };
    }
    return connection;
  }

  async function send(request: KubeRequest, limits: RequestLimits): Promise<Answer> {
    const current = await limits.within(
      credentials.current().catch((error: unknown) => {
        throw new TransportError('NO_CREDENTIALS', request.method, request.path, credentialProblem(error));
      }),
    );
    const { dispatcher, host } = connectionFor(current);
    const response = await limits.within(
      dispatcher.request({
        origin: current.origin,
        path: current.basePath + request.path,
        query: request.query,
        method: request.method,
        headers: headersOf(request, current, userAgent),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: limits.signal,
        opaque: limits,
      }),
    );
    metrics.requests.inc({ code: String(response.statusCode), method: request.method, host });
    const mayBeStale = clock.monotonic() - current.loadedAt >= FRESH_CREDENTIALS_MS;
    if (response.statusCode !== 401 || !mayBeStale) return { ...response, host };
    // Rotated under us. A request refused for who sent it was not processed, so that any may be sent again.
    await limits.within(response.body.dump());
    credentials.invalidate();
    return send(request, limits);
  }

  return {
    async request(request): Promise<KubeResponse> {
      const limits = startLimits(clock, request, timeoutMs);
      const startedAt = clock.monotonic();
      try {
        const answer = await send(request, limits);
        const text = await limits.within(answer.body.text());
        const seconds = (clock.monotonic() - startedAt) / 1000;
        metrics.requestDuration.observe({ verb: request.method, host: answer.host }, seconds);
        const status = answer.statusCode;
        return { status, headers: flatten(answer.headers), body: parseBody(request, status, text) };
      } catch (error) {
        throw limits.explain(error);
      } finally {
        limits.end();
      }
    },

    async stream(request) {
      const limits = startLimits(clock, request, timeoutMs);
      try {
        const answer = await send(request, limits);
        const status = answer.statusCode;
        if (status < 400) {
          limits.endTime();
          return { status, lines: readLines(request, answer.body, limits) };
        }
        const body = parseBody(request, status, await limits.within(answer.body.text()));
        limits.end();
        return { status, body, lines: noLines() };
      } catch (error) {
        limits.end();
        throw limits.explain(error);
      }
    },

    async close() {
      await connection?.dispatcher.destroy();
      connection = undefined;
    },
  };
}

type Answer = Dispatcher.ResponseData<RequestLimits> & { host: string };

function headersOf(request: KubeRequest, current: Credentials, userAgent: string): Record<string, string> {
  const headers: Record<string, string> = {
    ...current.headers,
    accept: request.accept ?? 'application/json',
    'user-agent': userAgent,
  };
  if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
  return headers;
}

function flatten(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')] as const);
  return Object.fromEntries(entries);
}

function parseBody(request: KubeRequest, status: number, text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page: the status is enough, and the page may hold anything.
    if (status >= 400) return undefined;
    throw new TransportError('BAD_BODY', request.method, request.path, 'the answer is not JSON');
  }
}

async function* readLines(
  request: KubeRequest,
  body: Dispatcher.ResponseData['body'],
  limits: RequestLimits,
): AsyncGenerator<unknown, void> {
  try {
    yield* jsonLines(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw limits.explain(error);
    throw new TransportError('BAD_BODY', request.method, request.path, 'a line of the stream is not JSON');
  } finally {
    limits.end();
    body.destroy();
  }
}

async function* noLines(): AsyncGenerator<unknown, void> {}
