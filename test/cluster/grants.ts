import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

/** One right: a verb on a resource, somewhere. */
export interface Grant {
  group: string;
  /** With its subresource: workspaces/status. */
  resource: string;
  verb: string;
  /** Absent: everywhere. */
  namespace?: string;
  /** Absent: all of them. */
  name?: string;
}

/** A request as the API server's audit log has it. */
export interface AuditedRequest {
  user: string;
  verb: string;
  group: string;
  resource: string;
  namespace: string;
  name: string;
  /** The HTTP status. */
  code: number;
}

const role = z.object({
  kind: z.enum(['Role', 'ClusterRole']),
  metadata: z.object({ namespace: z.string().optional() }),
  rules: z.array(
    z.strictObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      resourceNames: z.array(z.string()).optional(),
      verbs: z.array(z.string()),
    }),
  ),
});

/** Every right of the roles in a file of manifests. */
export async function grantsIn(file: string): Promise<Grant[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS());
  const roles = documents.map((document) => role.safeParse(document)).flatMap(({ data }) => data ?? []);
  return roles.flatMap(({ metadata: { namespace }, rules }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) => verbs.map((verb) => ({ group, resource, verb, namespace, name }))),
        ),
      ),
    ),
  );
}

export function allows(grant: Grant, request: AuditedRequest): boolean {
  return (
    grant.group === request.group &&
    grant.resource === request.resource &&
    grant.verb === request.verb &&
    (grant.namespace === undefined || grant.namespace === request.namespace) &&
    (grant.name === undefined || grant.name === request.name)
  );
}

const auditEvent = z.object({
  verb: z.string(),
  user: z.object({ username: z.string() }),
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
});

/** What the audit log holds by now. */
export async function auditedRequests(file: string): Promise<AuditedRequest[]> {
  // The last line may be half written.
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => {
    const { verb, user, objectRef, responseStatus } = auditEvent.parse(JSON.parse(line));
    const { apiGroup = '', resource = '', subresource, namespace = '', name = '' } = objectRef ?? {};
    return {
      user: user.username,
      verb,
      group: apiGroup,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace,
      name,
      code: responseStatus?.code ?? 0,
    };
  });
}
