import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { KubeClient, Resource } from '../../src/controller/client/client.ts';
import { isAlreadyExists } from '../../src/controller/client/errors.ts';

const MANIFEST = join(import.meta.dirname, '..', '..', 'deploy', 'examples', 'poller.yaml');
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: false };
const RESOURCES: Readonly<Record<string, Resource>> = {
  ServiceAccount: { group: '', version: 'v1', plural: 'serviceaccounts', namespaced: true },
  ClusterRole: { ...RBAC, plural: 'clusterroles' },
  ClusterRoleBinding: { ...RBAC, plural: 'clusterrolebindings' },
};
const manifest = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
const issued = z.object({ status: z.object({ token: z.string() }) });

type Manifest = z.output<typeof manifest>;

/** The gateway's default (`gateway.callerAudience`). */
const AUDIENCE = 'workspace-gateway';

/** Where health probes and other pollers get a token by hand. */
export const POLLER_TOKEN_COMMAND = `kubectl create token workspace-poller -n workspace-system --audience ${AUDIENCE}`;

async function manifests(): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(MANIFEST, 'utf8'));
  return documents.map((document) => manifest.parse(document.toJS()));
}

/** A ServiceAccount that the gateway lets ask about every Workspace. */
export async function installPoller(kube: KubeClient): Promise<void> {
  for (const body of await manifests()) {
    const resource = RESOURCES[body.kind];
    if (resource === undefined) throw new Error(`${MANIFEST} has a ${body.kind}: say here where that is`);
    try {
      await kube.create(resource, body, body.metadata.namespace);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

/**
 * A token of that ServiceAccount's, good for an hour.
 * @param audiences none: the API server itself
 */
export async function pollerToken(
  kube: KubeClient,
  audiences: readonly string[] = [AUDIENCE],
): Promise<string> {
  const account = (await manifests()).find(({ kind }) => kind === 'ServiceAccount');
  if (account === undefined) throw new Error(`${MANIFEST} has no ServiceAccount`);
  const { name, namespace } = account.metadata;
  const tokens: Resource = {
    group: '',
    version: 'v1',
    plural: `serviceaccounts/${name}/token`,
    namespaced: true,
  };
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences },
  };
  return issued.parse(await kube.create(tokens, body, namespace)).status.token;
}
