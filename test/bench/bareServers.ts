import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { fromLines, toLines } from '../../src/gateway/base/lines.ts';

/** What the gateway is compared with: servers that answer like it and store nothing. */
export const BARE = ['node', 'nodeWithProof', 'fastify'] as const;
export type Bare = (typeof BARE)[number];

const ANSWER = toLines({ periodSeconds: 30 });
/** As the gateway's: Node's own 5 s end while a loaded machine still opens connections. */
const IDLE_MS = 65_000;
const secret = createSecretKey(randomBytes(32));

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: IDLE_MS }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves with the URL. */
export async function startBare(kind: Bare): Promise<string> {
  switch (kind) {
    case 'node':
      return listen((request, response) => {
        request.resume().once('end', () => response.end(ANSWER));
      });
    case 'nodeWithProof':
      return listen((request, response) => {
        let body = '';
        request.setEncoding('utf8');
        request.on('data', (text: string) => {
          body += text;
        });
        request.on('end', () => {
          const { authorization = '' } = request.headers;
          const mac = createHmac('sha256', secret).update(authorization).digest();
          const known = fromLines(body) !== undefined && timingSafeEqual(mac, mac);
          response.writeHead(known ? 200 : 400, { 'content-type': 'text/plain' });
          response.end(ANSWER);
        });
      });
    case 'fastify': {
      const server = fastify({ keepAliveTimeout: IDLE_MS });
      server.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) =>
        done(null, fromLines(String(body))),
      );
      server.post('/v1/heartbeat', (_request, reply) => reply.type('text/plain').send(ANSWER));
      return server.listen({ host: '127.0.0.1', port: 0 });
    }
  }
}
