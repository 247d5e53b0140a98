import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { heartbeat } from '../handlers/heartbeat.ts';
import { bearer } from '../http.ts';
import type { GatewayParts } from '../parts.ts';
import {
  agentVersion,
  bootCounter,
  count,
  environmentDigest,
  flag,
  httpURL,
  launchNumber,
  moment,
  sequence,
} from './bounds.ts';
import { parse, sendAnswer } from './format.ts';

const body = z.object({
  number: launchNumber,
  boot: bootCounter,
  seq: sequence,
  env: environmentDigest,
  url: httpURL.optional(),
  activeTasks: count.optional(),
  agent: agentVersion.optional(),
  acknowledged: flag.default(false),
  interruption: z.object({ action: z.enum(['terminate', 'stop', 'hibernate']), at: moment }).optional(),
});

export function heartbeatRoute(server: FastifyInstance, parts: GatewayParts): void {
  server.post('/v1/heartbeat', async (request, reply) => {
    const session = bearer(request);
    const fields = parse(body, request.body);
    return sendAnswer(request, reply, await heartbeat(parts, { ...fields, ...(session && { session }) }));
  });
}
