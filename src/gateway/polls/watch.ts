import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { objectName } from '../../api/base/meta.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { type Callers, doorkeeper } from '../access/callers.ts';
import { GatewayError } from '../base/errors.ts';
import { groupOf } from '../fleet/group.ts';
import type { Watches } from '../fleet/watches.ts';
import { createRequestLimit } from '../http/requestLimit.ts';
import { parse } from '../routes/format.ts';

/** Watches that a group may begin in a minute: each may be sent all Workspaces. */
const BEGINNINGS = 60;
const MINUTE_MS = 60_000;
const MOST_GROUPS = 10_000;

export const watchQuery = z
  .object({
    namespace: objectName.optional().describe('Only this namespace.'),
    name: objectName.optional().describe('Only this Workspace of the namespace.'),
  })
  .refine(({ namespace, name }) => name === undefined || namespace !== undefined, {
    path: ['namespace'],
    message: 'a name needs its namespace',
  });

export function watchRoute(
  server: FastifyInstance,
  options: { watches: Watches; callers: Callers; clock: Clock },
): void {
  const { watches, callers, clock } = options;
  const door = doorkeeper(callers);
  const beginnings = createRequestLimit({ clock, windowMs: MINUTE_MS, mostKeys: MOST_GROUPS });
  const route = { preParsing: door.identify, exposeHeadRoute: false };
  server.get('/v1/watch/workspaces', route, async (request, reply) => {
    const { namespace = '', name = '' } = parse(watchQuery, request.query);
    const scope = { namespace, name };
    const group = groupOf(door.callerOf(request), request.ip);
    await door.admit(request, scope);
    const waitMs = beginnings.count(group, BEGINNINGS);
    if (waitMs > 0) {
      reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
      throw new GatewayError('rate_limited');
    }
    const lastID = request.headers['last-event-id'];
    await watches.serve({
      outlet: reply.raw,
      scope,
      from: typeof lastID === 'string' ? lastID : undefined,
      group,
      async review() {
        await door.identify(request);
        await door.admit(request, scope);
      },
      taken() {
        server.holdOpen(request, reply);
        reply.hijack();
      },
    });
    return reply;
  });
}
