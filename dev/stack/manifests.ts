import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { KubeClient, Resource } from '../../src/controller/client/client.ts';

const MANIFESTS = join(import.meta.dirname, '..', 'manifests');

const RESOURCES: Readonly<Record<string, Resource>> = {
  Secret: { group: '', version: 'v1', plural: 'secrets', namespaced: true },
  Workspace: { group: 'compute.molecule.ai', version: 'v1alpha1', plural: 'workspaces', namespaced: true },
  WorkspaceClass: {
    group: 'compute.molecule.ai',
    version: 'v1alpha1',
    plural: 'workspaceclasses',
    namespaced: false,
  },
};
const manifest = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** Creates what is in dev/manifests; answers with `kind/name` of each. */
export async function createManifests(kube: KubeClient): Promise<string[]> {
  const created: string[] = [];
  for (const file of (await readdir(MANIFESTS)).sort()) {
    const body = manifest.parse(parse(await readFile(join(MANIFESTS, file), 'utf8')));
    const resource = RESOURCES[body.kind];
    if (!resource) throw new Error(`${file}: no resource is known for kind ${body.kind}`);
    await kube.create(resource, body, body.metadata.namespace);
    created.push(`${body.kind}/${body.metadata.name}`);
  }
  return created;
}
