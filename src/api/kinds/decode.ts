import { z } from 'zod';
import { API_VERSION, type ObjectMeta } from '../base/meta.ts';
import { type Workspace, workspaceSpec, workspaceStatus } from './workspace.ts';
import { type WorkspaceClass, workspaceClassSpec } from './workspaceClass.ts';
import { workspaceClassStatus } from './workspaceClassStatus.ts';

const metadata = z.custom<ObjectMeta>((value) => typeof value === 'object' && value !== null);
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
  return { apiVersion: API_VERSION, kind: 'Workspace', metadata: { ...metadata, namespace }, spec, status };
}

/** Likewise. */
export function decodeWorkspaceClass(raw: unknown): WorkspaceClass {
  return { apiVersion: API_VERSION, kind: 'WorkspaceClass', ...workspaceClass.parse(raw) };
}
