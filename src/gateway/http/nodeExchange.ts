import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../controller/lib/clock.ts';
import { BEARER, lengthOf } from './agentRequest.ts';
import type { Direct, Exchange } from './direct.ts';

/**
 * Answers an agent's requests on a connection that Node's server has, as all that a balancer keeps have in time. Takes more CPU for each than
 * agentConnections.ts, and less than fastify. The function answers false, with nothing done, for all other requests.
 */
export function throughNode(direct: Direct, clock: Clock, bodyLimit: number) {
  return (request: IncomingMessage, response: ServerResponse, proven: () => void): boolean => {
    const { headers } = request;
    if (request.url !== direct.path || request.method !== 'POST') return false;
    if (headers['content-type'] !== direct.type || headers.accept !== direct.type) return false;
    const length = lengthOf(headers['content-length'] ?? '', bodyLimit);
    if (length === 0 || !headers.authorization?.startsWith(BEARER)) return false;
    const launch = direct.admit(headers.authorization.slice(BEARER.length));
    if (!launch) return false;
    proven();
    const arrivedAt = clock.monotonic();
    const exchange: Exchange = {
      socket: request.socket,
      answer(status, fields, body) {
        if (response.destroyed) return false;
        response.writeHead(status, [...fields.flat(), 'content-length', String(Buffer.byteLength(body))]);
        response.end(body);
        return true;
      },
    };
    readBody(request, length, (bytes) => {
      direct.take(launch, { bytes, text: bytes.toString('latin1'), at: 0 }, exchange, arrivedAt);
    });
    return true;
  };
}

/** Node gives no more than the length that the headers say. One copy of it: chunks of a byte each would cost hundreds of times that. */
function readBody(request: IncomingMessage, length: number, whole: (body: Buffer) => void): void {
  let body: Buffer | undefined;
  let had = 0;
  request.on('data', (chunk: Buffer) => {
    if (chunk.length === length) return whole(chunk);
    body ??= Buffer.alloc(length);
    had += chunk.copy(body, had);
    if (had === length) whole(body);
  });
}
