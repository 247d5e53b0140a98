import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { bootstrap } from '../handlers/bootstrap.ts';
import { bearer } from '../http.ts';
import type { GatewayParts } from '../parts.ts';
import { parse, sendAnswer, wholeNumber } from './format.ts';

const body = z.object({
  uid: z.string().min(1).max(128).optional(),
  number: wholeNumber(1, 2 ** 31 - 1).optional(),
  ticket: z.string().max(128).optional(),
  document: z.string().max(8192).optional(),
  signature: z.string().max(2048).optional(),
});

export function bootstrapRoute(server: FastifyInstance, parts: GatewayParts): void {
  server.post('/v1/bootstrap', async (request, reply) => {
    const session = bearer(request);
    const fields = parse(body, request.body ?? {});
    return sendAnswer(request, reply, await bootstrap(parts, { ...fields, ...(session && { session }) }));
  });
}
