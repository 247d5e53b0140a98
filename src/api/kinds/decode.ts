import { z } from 'zod';
import { compact } from '../base/compact.ts';
import { API_VERSION, type ObjectMeta } from '../base/meta.ts';
import { type Workspace, workspaceSpec, workspaceStatus } from './workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from './workspaceClass.ts';
import { workspaceClassStatus } from './workspaceClassStatus.ts';

// managedFields are often half of an object, and a write's answer has them.
const metadata = z
  .custom<ObjectMeta & { managedFields?: unknown }>((value) => typeof value === 'object' && value !== null)
  .transform(({ managedFields: _, ...kept }): ObjectMeta => kept);
const workspace = z.object({
  metadata: metadata.refine((it) => it.namespace !== undefined, 'metadata.namespace is missing'),
  spec: workspaceSpec,
  status: workspaceStatus.optional(),
});
const workspaceClass = z.object({
  metadata,
  spec: workspaceClassSpec,
  status: workspaceClassStatus.optional(),
});

/** Types what the API server sent, defaults filled in. Throws a ZodError that names the field. */
export function decodeWorkspace(raw: unknown): Workspace {
  const { metadata, spec, status } = workspace.parse(raw);
  const namespace = metadata.namespace ?? '';
  return compact({
    apiVersion: API_VERSION,
    kind: 'Workspace' as const,
    metadata: { ...metadata, namespace },
    spec,
    ...(status && { status }),
  });
}

/** Likewise. */
export function decodeWorkspaceClass(raw: unknown): WorkspaceClass {
  return { apiVersion: API_VERSION, kind: 'WorkspaceClass', ...workspaceClass.parse(raw) };
}
