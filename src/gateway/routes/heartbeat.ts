import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type HeartbeatRequest, heartbeat } from '../handlers/heartbeat.ts';
import { bearer } from '../http/http.ts';
import type { GatewayParts } from '../http/parts.ts';
import { AGENT_TROUBLES } from '../store/evidence.ts';
import {
  agentVersion,
  bootCounter,
  contentDigest,
  count,
  environmentDigest,
  flag,
  httpURL,
  launchNumber,
  moment,
  sequence,
} from './bounds.ts';
import { parse, sendAnswer } from './format.ts';

const required = z.object({
  number: launchNumber,
  boot: bootCounter,
  seq: sequence,
  env: environmentDigest,
});

const optional = z
  .object({
    url: httpURL,
    activeTasks: count,
    agent: agentVersion,
    acknowledged: flag,
    interruption: z.object({ action: z.enum(['terminate', 'stop', 'hibernate']), at: moment }),
    trouble: z.enum(AGENT_TROUBLES),
    ca: contentDigest,
  })
  .partial();

interface ReadHeartbeat {
  said: HeartbeatRequest;
  /** Names of optional fields that were malformed. */
  ignored: readonly string[];
}

export const HEARTBEAT_ROUTE = '/v1/heartbeat';

/** What `directHeartbeats` leaves: JSON, and what it answers with an error before a credential is known to hold. */
export function heartbeatRoute(server: FastifyInstance, parts: GatewayParts): void {
  server.post(HEARTBEAT_ROUTE, (request, reply) => {
    const session = bearer(request);
    const { said, ignored } = readHeartbeat(request.body);
    if (session !== undefined) said.session = session;
    // Not returned: fastify would follow a promise, and the reply in it as another, at each heartbeat.
    heartbeat(parts, said)
      .then((answer) => {
        sendAnswer(request, reply, ignored.length > 0 ? { ...answer, ignored } : answer);
      })
      .catch((error: unknown) => {
        reply.send(error);
      });
  });
}

/** Throws `invalid_request`. */
export function readHeartbeat(input: unknown): ReadHeartbeat {
  const needed = parse(required, input);
  const { fields, ignored } = readOptional(input);
  return { said: { ...needed, acknowledged: false, ...fields }, ignored };
}

/** A heartbeat proves life even with malformed optional fields: each costs that field alone. */
function readOptional(input: unknown): { fields: z.output<typeof optional>; ignored: string[] } {
  const whole = optional.safeParse(input);
  if (whole.success) return { fields: whole.data, ignored: [] };
  const ignored = [...new Set(whole.error.issues.map(({ path }) => String(path[0])))].sort();
  const kept = Object.entries(input ?? {}).filter(([name]) => !ignored.includes(name));
  return { fields: optional.parse(Object.fromEntries(kept)), ignored };
}
