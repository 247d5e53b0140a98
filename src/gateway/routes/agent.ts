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

/** The files that the boot stub downloads. They are public and hold no secret. */
export function agentRoutes(server: FastifyInstance, { present, find }: AgentShelf): void {
  // Static bytes cost next to nothing, and every new instance needs them: they are outside all limits.
  const free = { config: { uncounted: true } };
  const script = fileOf(present.script, SCRIPT);
  const unit = fileOf(present.unit, 'text/plain; charset=utf-8');
  // Boot stub 1 runs these, of any release.
  server.get('/v1/agent', free, (request, reply) => send(request, reply, script));
  server.get('/v1/agent/unit', free, (request, reply) => send(request, reply, unit));
  server.get(`/v1/agent/${script.digest}`, free, (request, reply) => send(request, reply, script));
  server.get<{ Params: { digest: string } }>('/v1/agent/:digest', async (request, reply) => {
    const { digest } = request.params;
    const content = DIGEST.test(digest) ? await find(digest) : undefined;
    if (content === undefined) throw new GatewayError('not_found');
    return send(request, reply, { content, digest, type: SCRIPT });
  });
}

interface File {
  content: string;
  /** Made once: nothing limits how often the present files are asked for. */
  digest: string;
  type: string;
}

function fileOf(content: string, type: string): File {
  return { content, digest: agentDigest(content), type };
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { content, digest, type }: File,
): Promise<FastifyReply> {
  const etag = `"sha256-${digest}"`;
  reply.header('etag', etag).header('cache-control', 'no-cache');
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
  if (known.includes(etag)) return reply.code(304).send();
  return reply.type(type).send(content);
}
