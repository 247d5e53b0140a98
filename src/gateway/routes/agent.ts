import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AgentFiles, agentDigest } from '../../agent/files.ts';
import { GatewayError } from '../base/errors.ts';

/** Agents that instances download. */
export interface AgentShelf {
  /** This release's. */
  present: AgentFiles;
  /** Another release's script, by its digest, as long as a launch may name it. Never rejects. */
  find(digest: string): Promise<string | undefined>;
}

const DIGEST = /^[0-9a-f]{64}$/;
const SCRIPT = 'text/x-shellscript; charset=utf-8';

/** What the boot stub downloads. Public: there is nothing secret in it. */
export function agentRoutes(server: FastifyInstance, { present, find }: AgentShelf): void {
  // Static bytes cost next to nothing, and every new instance needs them: they are outside all limits.
  const free = { config: { uncounted: true } };
  const digest = agentDigest(present.script);
  // Boot stub 1 runs whatever these are.
  server.get('/v1/agent', free, (request, reply) => send(request, reply, present.script, SCRIPT));
  server.get('/v1/agent/unit', free, (request, reply) =>
    send(request, reply, present.unit, 'text/plain; charset=utf-8'),
  );
  server.get(`/v1/agent/${digest}`, free, (request, reply) => send(request, reply, present.script, SCRIPT));
  server.get<{ Params: { digest: string } }>('/v1/agent/:digest', async (request, reply) => {
    const wanted = request.params.digest;
    const script = DIGEST.test(wanted) ? await find(wanted) : undefined;
    if (script === undefined) throw new GatewayError('not_found');
    return send(request, reply, script, SCRIPT);
  });
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  content: string,
  type: string,
): Promise<FastifyReply> {
  const etag = `"sha256-${agentDigest(content)}"`;
  reply.header('etag', etag).header('cache-control', 'no-cache');
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
  if (known.includes(etag)) return reply.code(304).send();
  return reply.type(type).send(content);
}
