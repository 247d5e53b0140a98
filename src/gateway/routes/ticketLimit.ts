import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { verifySession, verifyTicket } from '../access/credentials.ts';
import { bearer } from '../http/http.ts';
import type { GatewayParts } from '../http/parts.ts';
import type { Sender } from '../http/requestLimits.ts';
import { sourceOf } from '../http/source.ts';
import { launchID } from '../store/heartbeatStore.ts';
import { launchNumber, uid } from './bounds.ts';

export const ticketText = z.string().max(128);
const shown = z.object({ uid, number: launchNumber, ticket: ticketText });

/** A hook that counts a request for the launch whose ticket is in its body, so only once that has been read. */
export function ticketLimit(server: FastifyInstance, parts: GatewayParts) {
  return { config: { uncounted: true }, preHandler: server.limitBy((request) => senderOf(parts, request)) };
}

function senderOf({ keys, clusterID }: GatewayParts, request: FastifyRequest): Sender {
  const session = bearer(request);
  const launch = session === undefined ? undefined : verifySession(keys, clusterID, session);
  if (launch) return { kind: 'launch', id: launch.id };
  const { data } = shown.safeParse(request.body);
  return data && verifyTicket(keys, data.ticket, { clusterID, uid: data.uid, number: data.number })
    ? { kind: 'launch', id: launchID(data) }
    : { kind: 'address', id: sourceOf(request.ip) };
}
