import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { namesUnknownKey, verifyTicket } from '../access/credentials.ts';
import { GatewayError } from '../base/errors.ts';
import type { GatewayParts } from '../http/parts.ts';
import { findPresent } from '../served/lookup.ts';
import { contentDigest, launchNumber, uid } from './bounds.ts';
import { parse } from './format.ts';
import { ticketLimit, ticketText } from './ticketLimit.ts';

const named = z.object({ digest: contentDigest });
const complaint = z.object({ uid, number: launchNumber, ticket: ticketText });

/** Routes by which instances get the gateway's next CA bundle, and report that they distrust its certificate. */
export function trustRoutes(server: FastifyInstance, parts: GatewayParts): void {
  server.get('/v1/ca/:digest', { config: { uncounted: true } }, async (request, reply) => {
    const { digest } = parse(named, request.params);
    const bundle = parts.caBundle();
    if (bundle?.digest !== digest) throw new GatewayError('not_found');
    return reply.type('application/x-pem-file').send(bundle.text);
  });
  // Over a connection that its sender does not trust, so it holds no credential: a ticket alone opens nothing.
  server.post('/v1/distrust', ticketLimit(server, parts), async (request, reply) => {
    const { uid: workspace, number, ticket } = parse(complaint, request.body);
    if (namesUnknownKey(parts.keys, ticket)) throw new GatewayError('key_unknown');
    const launch = { uid: workspace, number };
    if (!verifyTicket(parts.keys, ticket, { clusterID: parts.clusterID, ...launch }))
      throw new GatewayError('ticket_invalid');
    // A launch that is over leaves no row behind.
    findPresent(parts.workspaces, launch);
    await parts.store.recordTrouble(launch, 'GatewayDistrusted');
    parts.logger.warn(
      { ...launch, event: 'launch.distrusts' },
      'an instance distrusts this gateway’s certificate',
    );
    return reply.code(202).send({ accepted: true });
  });
}
