import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bootstrap } from '../handlers/bootstrap.ts';
import { bearer } from '../http/http.ts';
import type { GatewayParts } from '../http/parts.ts';
import { launchNumber, uid } from './bounds.ts';
import { parse, sendAnswer } from './format.ts';
import { ticketLimit, ticketText } from './ticketLimit.ts';

const body = z.object({
  uid: uid.optional(),
  number: launchNumber.optional(),
  ticket: ticketText.optional(),
  document: z.string().max(8192).optional(),
  signature: z.string().max(2048).optional(),
});

export function bootstrapRoute(server: FastifyInstance, parts: GatewayParts): void {
  server.post('/v1/bootstrap', ticketLimit(server, parts), async (request, reply) => {
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
