import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Core, newUid } from '../cluster/core.ts';
import { serviceAccountUser, type User } from '../request/user.ts';
import { objectKey } from '../storage/store.ts';
import { metaOf, stringAt } from '../values/json.ts';

/** Whom tokens are for unless they say otherwise: this server. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

const claims = z.object({
  aud: z.array(z.string()),
  exp: z.number(),
  jti: z.string(),
  'kubernetes.io': z.object({
    namespace: z.string(),
    serviceaccount: z.object({ name: z.string(), uid: z.string() }),
  }),
});

export interface Authenticated {
  user: User;
  /** Those asked for that the token is for. */
  audiences: string[];
}

/** The tokens of ServiceAccounts. They are good for as long as the server runs, and as their accounts are there. */
export interface Tokens {
  issue(
    account: { namespace: string; name: string; uid: string },
    audiences: readonly string[],
    seconds: number,
  ): { token: string; expiresAt: number };
  /** undefined for what isn't a token of this server's, or not for any of the audiences. */
  verify(token: string, audiences: readonly string[]): Authenticated | undefined;
}

const serviceAccounts = 'serviceaccounts';
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    // Not even JSON: no claims at all.
    return undefined;
  }
}

export function createTokens({ store, clock, random }: Pick<Core, 'store' | 'clock' | 'random'>): Tokens {
  let key: Buffer | undefined;
  const sign = (text: string): Buffer => {
    key ??= random.bytes(32);
    return createHmac('sha256', key).update(text).digest();
  };
  return {
    issue(account, audiences, seconds) {
      const { namespace, ...serviceaccount } = account;
      const now = Math.floor(clock.now() / 1000);
      const jti = newUid(random);
      const body = {
        iss: ISSUER,
        sub: `system:serviceaccount:${namespace}:${account.name}`,
        aud: audiences,
        iat: now,
        nbf: now,
        exp: now + seconds,
        jti,
        'kubernetes.io': { namespace, serviceaccount },
      };
      const text = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(body)}`;
      return { token: `${text}.${sign(text).toString('base64url')}`, expiresAt: (now + seconds) * 1000 };
    },
    verify(token, audiences) {
      const [head = '', body = '', signature = ''] = token.split('.');
      const given = Buffer.from(signature, 'base64url');
      const expected = sign(`${head}.${body}`);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const { data } = claims.safeParse(decoded(body));
      if (data === undefined || data.exp * 1000 <= clock.now()) return undefined;
      const shared = audiences.filter((audience) => data.aud.includes(audience));
      if (shared.length === 0) return undefined;
      const { namespace, serviceaccount } = data['kubernetes.io'];
      const { name, uid } = serviceaccount;
      const account = store.get(serviceAccounts, objectKey(namespace, name));
      if (account === undefined || stringAt(metaOf(account), 'uid') !== uid) return undefined;
      return { user: serviceAccountUser({ namespace, name, uid, tokenID: data.jti }), audiences: shared };
    },
  };
}
