import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { GatewayError } from '../base/errors.ts';
import { type Answer, LINES_TYPE, toJSON, toLines } from '../base/lines.ts';

/** Throws `invalid_request` with the fields' paths; values are never quoted. */
export function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new GatewayError(
    'invalid_request',
    result.error.issues.map(({ path, code }) => `${path.join('.') || 'body'}: ${code}`).slice(0, 16),
  );
}

/** JSON, unless the caller asks for lines. Never cached: an answer can hold secrets. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  reply.header('cache-control', 'no-store');
  const lines = (request.headers.accept ?? '').startsWith(LINES_TYPE);
  return lines
    ? reply.type(`${LINES_TYPE}; charset=utf-8`).send(toLines(answer))
    : reply.type('application/json; charset=utf-8').send(toJSON(answer));
}
