import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../base/errors.ts';

/** Somebody who may be asked about: a poller, a proxy, a reporter. */
export interface Caller {
  /** Stands for the bearer token, and doesn't give it away. */
  id: string;
  username: string;
  uid: string;
  groups: readonly string[];
  extra: Readonly<Record<string, readonly string[]>>;
}

export interface WorkspaceName {
  namespace: string;
  name: string;
}

/** The callers that may ask about Workspaces. Instances prove themselves by their own credentials and don't come here. */
export interface Callers {
  /** The token's caller; throws `caller_unknown`, or `callers_unavailable` while the API server does not answer. */
  identify(token: string | undefined): Promise<Caller>;
  /** The token's caller from a recent review, without a request. */
  known(token: string): string | undefined;
  /** Throws `forbidden`, or `callers_unavailable`. */
  admit(caller: Caller, workspace: WorkspaceName): Promise<void>;
}

/** Lets everyone: for a gateway whose routes for others only a trusted network reaches. */
export const allowEveryone: Callers = {
  identify: async () => ({ id: '', username: '', uid: '', groups: [], extra: {} }),
  known: () => undefined,
  admit: async () => undefined,
};

/** Tokens of ServiceAccounts and of identity providers are longer than our own. */
const MOST_CHARACTERS = 8192;

function tokenOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const token = /^Bearer ([!-~]+)$/.exec(headers.authorization ?? '')?.[1];
  return token !== undefined && token.length <= MOST_CHARACTERS ? token : undefined;
}

/** Who asks, before the body is read, and whether they may, once it is known about what. */
export function doorkeeper(callers: Callers) {
  const known = new WeakMap<FastifyRequest, Caller>();
  return {
    /** A fastify hook for `preParsing`, which comes after the rate limit. */
    identify: async (request: FastifyRequest): Promise<void> => {
      known.set(request, await callers.identify(tokenOf(request)));
    },
    /** @throws GatewayError `caller_unknown` before `identify` */
    callerOf(request: FastifyRequest): Caller {
      const caller = known.get(request);
      if (caller === undefined) throw new GatewayError('caller_unknown');
      return caller;
    },
    async admit(request: FastifyRequest, workspace: WorkspaceName): Promise<void> {
      const caller = known.get(request);
      if (caller === undefined) throw new GatewayError('caller_unknown');
      await callers.admit(caller, workspace);
    },
  };
}
