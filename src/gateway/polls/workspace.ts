import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { objectName } from '../../api/base/meta.ts';
import { type Callers, doorkeeper } from '../access/callers.ts';
import { describeWorkspace } from '../handlers/describe.ts';
import type { GatewayParts } from '../http/parts.ts';
import { parse } from '../routes/format.ts';

const params = z.object({ namespace: objectName, name: objectName });

export function workspaceRoute(
  server: FastifyInstance,
  parts: GatewayParts,
  options: { callers: Callers; retryAfterSeconds: number },
): void {
  const door = doorkeeper(options.callers);
  server.get('/v1/workspaces/:namespace/:name', { preParsing: door.identify }, async (request, reply) => {
    const workspace = parse(params, request.params);
    await door.admit(request, workspace);
    const view = await describeWorkspace(parts, workspace);
    reply.header('cache-control', 'no-store');
    if (view.availability === 'Restarting') reply.header('retry-after', String(options.retryAfterSeconds));
    return view;
  });
}
