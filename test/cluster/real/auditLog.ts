import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CallCount } from '../../../dev/apiserver/faults/counters.ts';

/** A request as the API server's audit log has it. */
export interface AuditedRequest {
  user: string;
  /** Of the token that was shown; '' for what has none. */
  credential: string;
  userAgent: string;
  verb: string;
  group: string;
  /** With its subresource: workspaces/status. */
  resource: string;
  namespace: string;
  name: string;
  /** The HTTP status. */
  code: number;
  /** Refused for want of a right; admission refuses with 403 as well, as in a namespace that ends. */
  forbidden: boolean;
  /** When it came, ms since the epoch. */
  at: number;
}

const CREDENTIAL = 'authentication.kubernetes.io/credential-id';
const DECISION = 'authorization.k8s.io/decision';

const auditEvent = z.object({
  auditID: z.string(),
  verb: z.string(),
  userAgent: z.string().default(''),
  requestReceivedTimestamp: z.string(),
  user: z.object({
    username: z.string(),
    extra: z.looseObject({ [CREDENTIAL]: z.array(z.string()).optional() }).optional(),
  }),
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      resource: z.string(),
      subresource: z.string().optional(),
      namespace: z.string().default(''),
      name: z.string().default(''),
    })
    .optional(),
  responseStatus: z.object({ code: z.int().default(0) }).optional(),
  annotations: z.looseObject({ [DECISION]: z.enum(['allow', 'forbid']).optional() }).optional(),
});

/** What the audit log holds by now, each request once. */
export function auditedRequests(file: string): AuditedRequest[] {
  // The last line may be half written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const events = lines.map((line) => auditEvent.parse(JSON.parse(line)));
  // A watch is there twice, when it begins and when it ends.
  return [...new Map(events.map((event) => [event.auditID, event])).values()].map((event) => {
    const { apiGroup = '', resource = '', subresource, namespace = '', name = '' } = event.objectRef ?? {};
    return {
      user: event.user.username,
      credential: event.user.extra?.[CREDENTIAL]?.[0] ?? '',
      userAgent: event.userAgent.split(' ')[0] ?? '',
      verb: event.verb,
      group: apiGroup,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace,
      name,
      code: event.responseStatus?.code ?? 0,
      forbidden: event.annotations?.[DECISION] !== 'allow',
      at: Date.parse(event.requestReceivedTimestamp),
    };
  });
}

/** The same as counts, as the embedded API server keeps them. */
export function auditedCalls(file: string): CallCount[] {
  const counts = new Map<string, CallCount>();
  for (const { verb, group, resource: whole, namespace, userAgent } of auditedRequests(file)) {
    const [plural = '', subresource = ''] = whole.split('/');
    const resource = group === '' ? plural : `${plural}.${group}`;
    const key = `${verb} ${resource} ${subresource} ${namespace} ${userAgent}`;
    const row = counts.get(key) ?? { verb, resource, subresource, namespace, userAgent, count: 0 };
    counts.set(key, { ...row, count: row.count + 1 });
  }
  return [...counts.values()];
}
