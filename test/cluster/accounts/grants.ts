import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { AuditedRequest } from '../real/auditLog.ts';

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
  return grantsOf(
    parseAllDocuments(await readFile(file, 'utf8')).map((document): unknown => document.toJS()),
  );
}

/** Every right of the roles among some manifests. */
export function grantsOf(documents: readonly unknown[]): Grant[] {
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
