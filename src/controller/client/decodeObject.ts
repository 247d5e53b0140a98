import type { KubeObject } from './client.ts';

/** Shapes a raw object before anything else sees it; may change it in place. */
export type Transform = (raw: KubeObject) => unknown;

type RawMetadata = KubeObject['metadata'] & { managedFields?: unknown };

/** managedFields are often half of an object and of no use to a reader. */
export function dropManagedFields(raw: KubeObject): KubeObject {
  delete (raw.metadata as RawMetadata).managedFields;
  return raw;
}

/**
 * Keeps only identity, versions, labels, owners and finalizers, even if the server sent more: kubectl's last-applied
 * annotation holds a Secret's values, and managedFields its key names.
 */
export function keepMetadataOnly(raw: KubeObject): KubeObject {
  const { managedFields: _, annotations: __, ...metadata } = raw.metadata as RawMetadata;
  return { apiVersion: raw.apiVersion, kind: raw.kind, metadata };
}

/** Whether a value has what store and reflector rest on. */
export function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const metadata = value.metadata;
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'name' in metadata &&
    typeof metadata.name === 'string' &&
    'resourceVersion' in metadata &&
    typeof metadata.resourceVersion === 'string'
  );
}

/** The problem of a decode, without any of the object's values: paths and codes of zod's issues, or the error's name. */
export function decodeProblem(error: unknown): string {
  if (error instanceof Error && 'issues' in error && Array.isArray(error.issues)) {
    const issues = error.issues as { path?: PropertyKey[]; code?: string }[];
    return issues
      .map(({ path = [], code = 'invalid' }) => `${path.map(String).join('.')}: ${code}`)
      .join('; ');
  }
  return error instanceof Error ? error.name : typeof error;
}
