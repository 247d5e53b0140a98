import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { verifySession, verifyTicket } from '../credentials.ts';
import { bootstrap } from '../handlers/bootstrap.ts';
import { bearer, launchLimitKey } from '../http.ts';
import type { GatewayParts } from '../parts.ts';
import { launchNumber, uid } from './bounds.ts';
import { parse, sendAnswer } from './format.ts';

const body = z.object({
  uid: uid.optional(),
  number: launchNumber.optional(),
  ticket: z.string().max(128).optional(),
  document: z.string().max(8192).optional(),
  signature: z.string().max(2048).optional(),
});

export function bootstrapRoute(server: FastifyInstance, parts: GatewayParts): void {
  // A ticket is in the body, so this route counts only when it has been read.
  const rateLimit = {
    hook: 'preHandler',
    keyGenerator: (request: FastifyRequest) => limitKey(parts, request),
  } as const;
  server.post('/v1/bootstrap', { config: { rateLimit } }, async (request, reply) => {
    const session = bearer(request);
    const fields = parse(body, request.body ?? {});
    const answer = await bootstrap(parts, { ...fields, ...(session && { session }) }, (passage) => {
      passage.sending(() => request.raw.socket.destroy());
      reply.raw.once('close', passage.end);
      // The instance may have gone while its Secrets were read.
      if (reply.raw.destroyed) passage.end();
    });
    return sendAnswer(request, reply, answer);
  });
}

function limitKey({ keys, clusterID }: GatewayParts, request: FastifyRequest): string {
  const session = bearer(request);
  const launch = session === undefined ? undefined : verifySession(keys, clusterID, session);
  if (launch) return launchLimitKey(launch);
  const { uid, number, ticket } = body.safeParse(request.body).data ?? {};
  if (uid === undefined || number === undefined || ticket === undefined) return request.ip;
  return verifyTicket(keys, ticket, { clusterID, uid, number })
    ? launchLimitKey({ uid, number })
    : request.ip;
}
