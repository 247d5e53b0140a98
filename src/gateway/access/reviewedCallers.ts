import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import { GROUP, VERSION } from '../../api/base/meta.ts';
import type { KubeClient, Resource } from '../../controller/client/client.ts';
import { isApiError } from '../../controller/client/errors.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { GatewayError } from '../base/errors.ts';
import { createAnswerCache } from './answerCache.ts';
import type { Caller, Callers, WorkspaceName } from './callers.ts';

const TOKEN_REVIEWS: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  namespaced: false,
};
const ACCESS_REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

const tokenReview = z.object({
  status: z.object({
    authenticated: z.boolean().default(false),
    audiences: z.array(z.string()).default([]),
    user: z
      .object({
        username: z.string().default(''),
        uid: z.string().default(''),
        groups: z.array(z.string()).default([]),
        extra: z.record(z.string(), z.array(z.string())).default({}),
      })
      .prefault({}),
  }),
});
const accessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

export interface ReviewedCallersOptions {
  kube: Pick<KubeClient, 'create'>;
  clock: Clock;
  logger: Logger;
  /** Audiences, one of which a token must be for; none: the API server itself. */
  audiences: readonly string[];
  /** How long the API server's answers are valid, ms. */
  cacheMs: number;
  /** How long they are still taken while it can't be asked, ms. */
  staleMs: number;
  /** Limit of one question, ms. */
  timeoutMs: number;
}

/** Callers known, and pairs of a caller and a Workspace, that are remembered. */
const MOST_CALLERS = 2_000;
const MOST_PAIRS = 20_000;
const MOST_ASKING = 64;

/**
 * Callers whose bearer token the API server knows and that it lets `get` the Workspace (TokenReview, SubjectAccessReview).
 */
export function createReviewedCallers(options: ReviewedCallersOptions): Callers {
  const { kube, clock, audiences, timeoutMs } = options;
  const logger = options.logger.child({ component: 'callers' });
  const cache = { clock, freshMs: options.cacheMs, staleMs: options.staleMs, maxAsking: MOST_ASKING };
  const identities = createAnswerCache<Caller | undefined>({
    ...cache,
    maxEntries: MOST_CALLERS,
    isRefusal: (caller) => caller === undefined,
  });
  const rights = createAnswerCache<boolean>({
    ...cache,
    maxEntries: MOST_PAIRS,
    isRefusal: (allowed) => !allowed,
  });

  async function create(resource: Resource, kind: string, spec: unknown): Promise<unknown> {
    const stop = new AbortController();
    const timer = clock.setTimeout(() => stop.abort(), timeoutMs);
    try {
      const apiVersion = `${resource.group}/${resource.version}`;
      return await kube.create(resource, { apiVersion, kind, spec }, undefined, { signal: stop.signal });
    } catch (error) {
      // Never the message: a server may repeat what it was asked, and that is a token.
      const { name } = error as Error;
      const answer = isApiError(error) ? { status: error.status, reason: error.reason } : {};
      logger.warn({ review: kind, error: name, ...answer }, 'the API server did not answer a review');
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async function reviewToken(id: string, token: string): Promise<Caller | undefined> {
    const spec = { token, ...(audiences.length > 0 && { audiences }) };
    const { status } = tokenReview.parse(await create(TOKEN_REVIEWS, 'TokenReview', spec));
    // A server that does not support audiences answers without them; its yes is then not for this audience.
    const meant = audiences.length === 0 || status.audiences.some((audience) => audiences.includes(audience));
    return status.authenticated && meant ? { id, ...status.user } : undefined;
  }

  async function reviewAccess(caller: Caller, { namespace, name }: WorkspaceName): Promise<boolean> {
    const { username: user, uid, groups, extra } = caller;
    const resourceAttributes = {
      verb: 'get',
      group: GROUP,
      version: VERSION,
      resource: 'workspaces',
      namespace,
      name,
    };
    const spec = { user, uid, groups, extra, resourceAttributes };
    return accessReview.parse(await create(ACCESS_REVIEWS, 'SubjectAccessReview', spec)).status.allowed;
  }

  async function available<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw new GatewayError('callers_unavailable', undefined, { cause });
    }
  }

  return {
    async identify(token) {
      if (token === undefined) throw new GatewayError('caller_unknown');
      const id = idOf(token);
      const caller = await available(identities.get(id, () => reviewToken(id, token)));
      if (caller === undefined) throw new GatewayError('caller_unknown');
      return caller;
    },
    known: (token) => identities.peek(idOf(token))?.username,
    async admit(caller, workspace) {
      const key = `${caller.id} ${workspace.namespace}/${workspace.name}`;
      const allowed = await available(rights.get(key, () => reviewAccess(caller, workspace)));
      if (!allowed) throw new GatewayError('forbidden');
    },
  };
}

/** Stands for the token, and doesn't give it away. */
function idOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
