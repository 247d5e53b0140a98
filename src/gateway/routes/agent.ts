import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

export interface AgentFiles {
  /** The agent itself, a shell script. */
  script: string;
  /** Its systemd unit. */
  unit: string;
}

/** What the boot stub downloads. Public: there is nothing secret in it. */
export function agentRoutes(server: FastifyInstance, files: AgentFiles): void {
  serve(server, '/v1/agent', files.script, 'text/x-shellscript; charset=utf-8');
  serve(server, '/v1/agent/unit', files.unit, 'text/plain; charset=utf-8');
}

function serve(server: FastifyInstance, path: string, content: string, type: string): void {
  const etag = `"sha256-${createHash('sha256').update(content).digest('hex')}"`;
  // Static bytes cost next to nothing, and every new instance needs them: they are outside all limits.
  server.get(path, { config: { rateLimit: false } }, async (request, reply) => {
    reply.header('etag', etag).header('cache-control', 'no-cache');
    const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
    if (known.includes(etag)) return reply.code(304).send();
    return reply.type(type).send(content);
  });
}
