import { createServer as createPlainServer } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { own } from '../api/own.ts';
import type { Clock } from '../controller/clock.ts';
import { verifySession } from './credentials.ts';
import { type ErrorCode, GatewayError } from './errors.ts';
import { type LaunchKey, launchID, StoreRefused, StoreUnavailable } from './heartbeatStore.ts';
import { fromLines, LINES_TYPE } from './lines.ts';
import type { GatewayParts } from './parts.ts';

export interface HttpOptions {
  tls?: { cert: string | Buffer; key: string | Buffer };
  clock: Clock;
  /** Largest body, in bytes. */
  bodyLimit: number;
  /** Requests a minute: of one launch that shows a good credential, and of one address otherwise. */
  limits: { perLaunch: number; perAddress: number };
  /** What 503 answers ask for, in seconds. */
  retryAfterSeconds: number;
}

/** An HTTP server with the gateway's formats, limits and errors, and no routes. */
export function createHttpServer(parts: GatewayParts, options: HttpOptions): FastifyInstance {
  const { tls, clock, bodyLimit, limits, retryAfterSeconds } = options;
  const server: FastifyInstance = fastify({
    bodyLimit,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    serverFactory: (handler) => (tls ? createTLSServer(tls, handler) : createPlainServer(handler)),
  });

  server.addContentTypeParser(LINES_TYPE, { parseAs: 'string' }, (_request, body, done) => {
    const fields = fromLines(String(body));
    if (fields) done(null, fields);
    else
      done(new GatewayError('invalid_request', ['body: a line is not NAME base64, or a name comes twice']));
  });

  server.register(rateLimit, {
    timeWindow: 60_000,
    keyGenerator: (request) => limitKey(parts, request),
    max: (_request, key) => (key.startsWith('launch ') ? limits.perLaunch : limits.perAddress),
    errorResponseBuilder: () => new GatewayError('rate_limited'),
  });

  const started = new WeakMap<FastifyRequest, number>();
  server.addHook('onRequest', async (request) => {
    started.set(request, clock.monotonic());
  });
  server.addHook('onResponse', async (request, reply) => {
    const seconds = (clock.monotonic() - (started.get(request) ?? clock.monotonic())) / 1000;
    const route = request.routeOptions.url ?? 'unknown';
    parts.metrics.requests.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      seconds,
    );
    parts.logger.debug(
      { method: request.method, route, status: reply.statusCode, seconds },
      'request answered',
    );
  });

  server.setNotFoundHandler(() => {
    throw new GatewayError('not_found');
  });
  server.setErrorHandler((error, request, reply) => {
    const known = toGatewayError(error);
    parts.metrics.errors.inc({ code: known.code });
    logFailure(parts, known, error, request.routeOptions.url);
    if (known.status === 503) reply.header('retry-after', String(retryAfterSeconds));
    return sendError(reply, known);
  });
  return server;
}

/** The bearer credential of a request, unverified. */
export function bearer(request: FastifyRequest): string | undefined {
  return /^Bearer ([!-~]{1,1024})$/.exec(request.headers.authorization ?? '')?.[1];
}

// Many instances share the address of their NAT gateway, so a launch that proves itself is counted by itself.
function limitKey(parts: GatewayParts, request: FastifyRequest): string {
  const session = bearer(request);
  const launch = session === undefined ? undefined : verifySession(parts.keys, parts.clusterID, session);
  return launch ? launchLimitKey(launch) : request.ip;
}

/** Under what the requests of a launch that proved itself are counted. */
export function launchLimitKey(launch: LaunchKey): string {
  return `launch ${launchID(launch)}`;
}

function sendError(reply: FastifyReply, { code, status, message, details }: GatewayError): FastifyReply {
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ code, message, ...(details && { details }) }));
}

const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
};

/** Fastify's own messages quote what was sent, so only their kind survives. */
function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof StoreUnavailable)
    return new GatewayError('storage_unavailable', undefined, { cause: error });
  if (error instanceof StoreRefused) return new GatewayError('invalid_request', undefined, { cause: error });
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = own(FASTIFY_CODES, code ?? '');
  if (known) return new GatewayError(known);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new GatewayError('invalid_request');
  return new GatewayError('internal', undefined, { cause: error });
}

function logFailure(
  parts: GatewayParts,
  known: GatewayError,
  error: unknown,
  route: string | undefined,
): void {
  const { cause } = known;
  if (known.code === 'internal') parts.logger.error({ err: error, route }, 'request failed');
  else if (cause instanceof StoreUnavailable)
    parts.logger.warn({ route, cause: cause.message }, 'store unavailable');
  else if (cause instanceof StoreRefused)
    parts.logger.warn({ route, cause: cause.message }, 'store refused a row');
  // The message of a failed read could quote what it read.
  else if (cause instanceof Error)
    parts.logger.warn({ route, code: known.code, cause: cause.name }, 'request refused');
  else parts.logger.debug({ route, code: known.code }, 'request refused');
}
