import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { heartbeat } from '../handlers/heartbeat.ts';
import { bearer } from '../http.ts';
import type { GatewayParts } from '../parts.ts';
import { flag, parse, sendAnswer, wholeNumber } from './format.ts';

const body = z.object({
  number: wholeNumber(1, 2 ** 31 - 1),
  boot: wholeNumber(1, 2 ** 31 - 1),
  seq: wholeNumber(1, 10 ** 14),
  env: z
    .string()
    .max(128)
    .regex(/^[a-z0-9]{1,16}:[0-9a-f]{64}$/),
  url: z
    .string()
    .max(2048)
    .regex(/^https?:\/\/[!-~]+$/)
    .optional(),
  activeTasks: wholeNumber(0, 2 ** 31 - 1).optional(),
  agent: z
    .string()
    .max(64)
    .regex(/^[!-~]*$/)
    .optional(),
  acknowledged: flag.default(false),
  interruption: z
    .object({
      action: z.enum(['terminate', 'stop', 'hibernate']),
      at: z.iso.datetime({ offset: true }).transform((time) => Date.parse(time)),
    })
    .optional(),
});

export function heartbeatRoute(server: FastifyInstance, parts: GatewayParts): void {
  server.post('/v1/heartbeat', async (request, reply) => {
    const session = bearer(request);
    const fields = parse(body, request.body);
    return sendAnswer(request, reply, await heartbeat(parts, { ...fields, ...(session && { session }) }));
  });
}
