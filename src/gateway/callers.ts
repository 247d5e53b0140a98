import type { FastifyRequest } from 'fastify';
import { GatewayError } from './errors.ts';

/** Whether a poller or reporter may ask. Instances prove themselves by their own credentials and don't come here. */
export type CallerAuthenticator = (request: Pick<FastifyRequest, 'headers' | 'ip'>) => Promise<boolean>;

/** Lets everyone: for a gateway that only a trusted network reaches. */
export const allowEveryone: CallerAuthenticator = async () => true;

/** A fastify hook for `preParsing`, which comes after the rate limit; throws `unauthenticated`. */
export function requireCaller(authenticate: CallerAuthenticator) {
  return async (request: FastifyRequest): Promise<void> => {
    if (!(await authenticate(request))) throw new GatewayError('unauthenticated');
  };
}
