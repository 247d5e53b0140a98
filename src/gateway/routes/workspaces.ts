import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { objectName } from '../../api/meta.ts';
import { type CallerAuthenticator, requireCaller } from '../callers.ts';
import { describeWorkspace } from '../handlers/describe.ts';
import type { GatewayParts } from '../parts.ts';
import { parse } from './format.ts';

const params = z.object({ namespace: objectName, name: objectName });

export function workspacesRoute(
  server: FastifyInstance,
  parts: GatewayParts,
  options: { callers: CallerAuthenticator; retryAfterSeconds: number },
): void {
  server.get(
    '/v1/workspaces/:namespace/:name',
    { preParsing: requireCaller(options.callers) },
    async (request, reply) => {
      const view = await describeWorkspace(parts, parse(params, request.params));
      reply.header('cache-control', 'no-store');
      if (view.availability === 'Restarting') reply.header('retry-after', String(options.retryAfterSeconds));
      return view;
    },
  );
}
