import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Clock } from '../../controller/lib/clock.ts';
import { verifySession } from '../access/credentials.ts';
import { GatewayError } from '../base/errors.ts';
import type { GatewayParts } from './parts.ts';
import { createRequestLimit } from './requestLimit.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route counts its requests itself, or they are not counted. */
    uncounted?: boolean;
  }
  interface FastifyInstance {
    /** A hook that counts the requests of a route by keys of its own. */
    limitBy(keyOf: (request: FastifyRequest) => Sender): onRequestHookHandler;
  }
}

export interface RequestLimits {
  /** Of one launch that shows a good credential. */
  perLaunch: number;
  /** Of one known caller. */
  perCaller: number;
  /** Of one address otherwise. */
  perAddress: number;
}

/** Under what a request counts. */
export interface Sender {
  kind: 'launch' | 'caller' | 'address';
  id: string;
}

const WINDOW_MS = 60_000;
/** Of each kind: one is forgotten sooner than the minute in which it counts only when there are more than this. */
const MOST_KEYS = 50_000;

/**
 * Counts the requests of each route but those that are `uncounted`, and of unknown paths: without those there would be a
 * way around every limit. Returns the hook for unknown paths, and what counts a request without fastify: how long its
 * sender has to wait, ms, or 0. Every hook has a callback: promises cost each heartbeat.
 */
export function limitRequests(
  server: FastifyInstance,
  clock: Clock,
  most: RequestLimits,
  senderOf: (request: FastifyRequest) => Sender,
): { limit: onRequestHookHandler; count(kind: Sender['kind'], id: string): number } {
  const counter = () => {
    const of = (mostRequests: number) => {
      const limit = createRequestLimit({ clock, windowMs: WINDOW_MS, mostKeys: MOST_KEYS });
      return (id: string) => limit.count(id, mostRequests);
    };
    const counts = {
      launch: of(most.perLaunch),
      caller: of(most.perCaller),
      address: of(most.perAddress),
    };
    return (kind: Sender['kind'], id: string) => counts[kind](id);
  };
  const limitBy = (
    senderOfRoute: (request: FastifyRequest) => Sender,
    count = counter(),
  ): onRequestHookHandler => {
    return (request, reply, done) => {
      const { kind, id } = senderOfRoute(request);
      const waitMs = count(kind, id);
      if (waitMs === 0) return done();
      reply.header('retry-after', String(Math.ceil(waitMs / 1000)));
      done(new GatewayError('rate_limited'));
    };
  };
  const count = counter();
  const counted = limitBy(senderOf, count);
  server.decorate('limitBy', (senderOfRoute: (request: FastifyRequest) => Sender) => limitBy(senderOfRoute));
  server.addHook('onRoute', (route) => {
    if (route.config?.uncounted) return;
    const others = route.onRequest ?? [];
    route.onRequest = [...(Array.isArray(others) ? others : [others]), counted];
  });
  return { limit: counted, count };
}

/**
 * Under what a request that proved who sends it is counted; undefined for the rest, which counts by address. Many
 * instances share the address of their NAT gateway.
 */
export function provenSender(
  parts: GatewayParts,
  knownCaller: (token: string) => string | undefined,
  credential: string | undefined,
): Sender | undefined {
  if (credential === undefined) return undefined;
  const launch = verifySession(parts.keys, parts.clusterID, credential);
  if (launch) return { kind: 'launch', id: launch.id };
  const caller = knownCaller(credential);
  return caller === undefined ? undefined : { kind: 'caller', id: caller };
}
