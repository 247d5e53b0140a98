import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { objectName } from '../../api/base/meta.ts';
import { type Callers, doorkeeper } from '../access/callers.ts';
import { report } from '../handlers/report.ts';
import type { GatewayParts } from '../http/parts.ts';
import { parse } from './format.ts';

const body = z.object({ namespace: objectName, name: objectName });

export function reportsRoute(server: FastifyInstance, parts: GatewayParts, callers: Callers): void {
  const door = doorkeeper(callers);
  server.post('/v1/reports', { preParsing: door.identify }, async (request, reply) => {
    const workspace = parse(body, request.body);
    await door.admit(request, workspace);
    await report(parts, workspace);
    // The answer does not show whether the report was used: a reporter could do nothing with that.
    return reply.code(202).send({ accepted: true });
  });
}
