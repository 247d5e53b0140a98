import { fileURLToPath } from 'node:url';

/** The path of one of the manifests that the steps apply. */
export function manifest(name: string): string {
  return fileURLToPath(new URL(`manifests/${name}.yaml`, import.meta.url));
}
