import { createServer as createPlainServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../../controller/lib/clock.ts';
import type { MonoReading } from '../../controller/lib/time.ts';
import { GatewayError } from '../base/errors.ts';
import { type Fields, fromLines, LINES_TYPE } from '../base/lines.ts';
import { serveAgents } from './agentConnections.ts';
import { createAgentReader } from './agentRequest.ts';
import { type ConnectionLimits, type ConnectionTimes, limitConnections } from './connections.ts';
import type { Direct, DirectTools } from './direct.ts';
import { type Failure, failureOf, noteFailure, toGatewayError } from './failures.ts';
import { throughNode } from './nodeExchange.ts';
import type { GatewayParts } from './parts.ts';
import { limitRequests, provenSender, type RequestLimits } from './requestLimits.ts';
import { sourceOf } from './source.ts';
import { cutOffUnread } from './unreadAnswers.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic ms; undefined for what the router refuses. */
    arrivedAt: MonoReading | undefined;
    /** The bearer credential, unverified: null for none, undefined until it is asked for. */
    shown: string | null | undefined;
  }
  interface FastifyInstance {
    /** The answer of this known caller may take as long as it takes: its route finds clients that don't read. */
    holdOpen(request: FastifyRequest, reply: FastifyReply): void;
  }
}

export interface HttpOptions {
  tls?: { cert: string | Buffer; key: string | Buffer };
  clock: Clock;
  /** Largest body, in bytes. */
  bodyLimit: number;
  /** Requests a minute. */
  limits: RequestLimits;
  connections: ConnectionLimits;
  times: ConnectionTimes;
  /** Retry-After of 503 answers, in seconds. */
  retryAfterSeconds: number;
  /** The caller of a bearer token by a recent review; undefined for a token without one. */
  knownCaller(token: string): string | undefined;
  /** Answers some requests without fastify. */
  direct(tools: DirectTools): Direct;
  /** A client at this address distrusts the certificate that it was shown. */
  distrusts(address: string): void;
}

/** Alerts of a TLS client that refuses the certificate, as OpenSSL names them (RFC 8446, 6.2). */
const DISTRUST = /_ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN)$/;
/** How often Node looks for connections that outlast their times, ms. */
const CHECK_INTERVAL_MS = 1_000;
/** An agent's request has about ten headers. */
const MOST_HEADERS = 64;
/** A name of Kubernetes has at most 253 characters; longer paths are not found, in our own format. */
const LONGEST_PARAMETER = 1_024;
/** Connections that wait to be accepted; the kernel's somaxconn bounds it. Node's own 511 overflows when a fleet comes back. */
export const LISTEN_BACKLOG = 4_096;

/** An HTTP server with the gateway's formats, limits and errors, and no routes. */
export function createHttpServer(parts: GatewayParts, options: HttpOptions): FastifyInstance {
  const { clock, bodyLimit, limits, retryAfterSeconds } = options;
  const fail = (error: unknown, route: string | undefined) =>
    noteFailure(parts, error, route, retryAfterSeconds);
  const raw = createRawServer(options);
  const connections = limitConnections(raw, options.connections, (limit) =>
    parts.metrics.connectionsClosed.inc({ limit }),
  );
  const unread = cutOffUnread(clock, options.times.answerMs);
  /** One listener for all answers: one made for each costs each heartbeat. */
  function closed(this: ServerResponse): void {
    unread.end(this.req);
    connections.end(this.req);
  }
  const server: FastifyInstance = fastify({
    bodyLimit,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, _request, reply) => void sendFailure(reply, failureOf(toGatewayError(error))),
    clientErrorHandler: (error, socket) => {
      if (DISTRUST.test(error.code ?? '')) options.distrusts(sourceOf(addressOf(socket as Socket)));
      answerUnreadable(error, socket as Socket);
    },
    serverFactory: (handler) =>
      raw.on('request', (request, response) => {
        if (!connections.begin(request)) return;
        unread.begin(request, clock.monotonic());
        response.on('close', closed);
        // While it stops, fastify alone answers: it refuses what is new.
        if (raw.listening && throughNodeHere(request, response, () => connections.prove(request))) return;
        handler(request, response);
      }),
  });

  server.addContentTypeParser(LINES_TYPE, { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, linesIn(String(body)));
    } catch (error) {
      done(error as GatewayError);
    }
  });

  const answered = answers(parts, clock);
  server.decorate('holdOpen', (request: FastifyRequest) => {
    connections.prove(request.raw);
    unread.end(request.raw);
    // How long it is open says nothing about how fast the gateway answers.
    request.arrivedAt = undefined;
  });
  server.decorateRequest('arrivedAt', undefined);
  server.decorateRequest('shown', undefined);
  // Hooks with callbacks: a promise for each costs each heartbeat.
  server.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAt = clock.monotonic();
    done();
  });
  const { limit, count } = limitRequests(server, clock, limits, (request) => {
    const proven = provenSender(parts, options.knownCaller, bearer(request));
    if (proven !== undefined) connections.prove(request.raw);
    return proven ?? { kind: 'address', id: sourceOf(request.ip) };
  });
  const direct = options.direct({
    fail,
    answered,
    admit: (launch) => count('launch', launch.id) === 0,
  });
  const throughNodeHere = throughNode(direct, clock, bodyLimit);
  const agents = serveAgents(raw, {
    clock,
    times: options.times,
    read: createAgentReader(direct, bodyLimit),
    direct,
    begin(exchange) {
      connections.begin(exchange);
      connections.prove(exchange);
      unread.begin(exchange, clock.monotonic());
    },
    end(exchange) {
      unread.end(exchange);
      connections.end(exchange);
    },
    onFlood: () => parts.metrics.connectionsClosed.inc({ limit: 'requests' }),
  });
  // From then on fastify refuses what is new.
  server.addHook('preClose', (done) => {
    agents.stop();
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    answered(request.method, request.routeOptions.url ?? 'unknown', reply.statusCode, request.arrivedAt);
    done();
  });

  server.setNotFoundHandler({ preHandler: limit }, () => {
    throw new GatewayError('not_found');
  });
  server.setErrorHandler((error, request, reply) =>
    sendFailure(reply, fail(error, request.routeOptions.url)),
  );
  return server;
}

/** Counts answers. The series of each kind is found once: to find it by its labels takes longer than to count in it. */
function answers({ metrics, logger }: GatewayParts, clock: Clock) {
  const known = new Map<string, ReturnType<typeof metrics.requests.labels>>();
  return (method: string, route: string, status: number, arrivedAt: MonoReading | undefined): void => {
    const now = clock.monotonic();
    const seconds = (now - (arrivedAt ?? now)) / 1000;
    const name = `${method} ${route} ${status}`;
    const timer = known.get(name) ?? metrics.requests.labels(method, route, String(status));
    known.set(name, timer);
    timer.observe(seconds);
    if (logger.isLevelEnabled('debug')) logger.debug({ method, route, status, seconds }, 'request answered');
  };
}

/** fastify applies its own time-outs only to servers that it makes itself. */
function createRawServer({ tls, times }: Pick<HttpOptions, 'tls' | 'times'>): Server {
  const settings = {
    headersTimeout: times.headersMs,
    requestTimeout: times.requestMs,
    keepAliveTimeout: times.idleMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const server = tls
    ? createTLSServer({ ...settings, ...tls, handshakeTimeout: times.headersMs })
    : createPlainServer(settings);
  server.maxHeadersCount = MOST_HEADERS;
  return server;
}

/**
 * Also of a TLS socket whose handshake failed. Node has closed it by then; the socket beneath it, which Node names only so,
 * remembers whom it was connected to.
 */
function addressOf(socket: Socket & { _parent?: Socket | null }): string {
  return socket.remoteAddress ?? socket._parent?.remoteAddress ?? '';
}

/** Answers input that is not HTTP, or comes too slowly, before fastify sees it. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  const overdue = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  // Anything else is no fault of HTTP; an answer to a failed TLS handshake would wait for that handshake for ever.
  if (!socket.writable || !(overdue || error.code?.startsWith('HPE_'))) return void socket.destroy();
  const { code, message, status } = new GatewayError(overdue ? 'request_timeout' : 'invalid_request');
  const body = JSON.stringify({ code, message });
  const head = [
    `HTTP/1.1 ${status} ${status === 408 ? 'Request Timeout' : 'Bad Request'}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

function sendFailure(reply: FastifyReply, { status, headers, body }: Failure): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

/** @throws GatewayError `invalid_request` */
export function linesIn(body: string): Fields {
  const fields = fromLines(body);
  if (fields) return fields;
  throw new GatewayError('invalid_request', ['body: a line is not NAME base64, or a name comes twice']);
}

/** The bearer credential of a request, unverified. */
export function bearer(request: FastifyRequest): string | undefined {
  if (request.shown === undefined) request.shown = bearerIn(request.raw.headers.authorization) ?? null;
  return request.shown ?? undefined;
}

function bearerIn(authorization: string | undefined): string | undefined {
  return /^Bearer ([!-~]{1,8192})$/.exec(authorization ?? '')?.[1];
}
