import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import type { KubeClient, Resource } from '../../../src/controller/client/client.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { until } from '../../scenarios/scene/until.ts';
import { type Grant, grantsIn } from './grants.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', '..', 'deploy');
export const RBAC = join(DEPLOY, 'rbac.yaml');
/** Controller and gateway apart. */
export const SPLIT_RBAC = join(DEPLOY, 'rbac-split.yaml');
/** The same, where only some namespaces are served. */
export const NAMESPACES_RBAC = join(DEPLOY, 'rbac-namespaces.yaml');
const SERVICE_ACCOUNT = 'workspace-operator';
/** As the API server knows it. */
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:${SERVICE_ACCOUNT}`;

const RBAC_GROUP = { group: 'rbac.authorization.k8s.io', version: 'v1' };
export const RESOURCES: Readonly<Record<string, Resource>> = {
  ServiceAccount: { group: '', version: 'v1', plural: 'serviceaccounts', namespaced: true },
  ClusterRole: { ...RBAC_GROUP, plural: 'clusterroles', namespaced: false },
  ClusterRoleBinding: { ...RBAC_GROUP, plural: 'clusterrolebindings', namespaced: false },
  Role: { ...RBAC_GROUP, plural: 'roles', namespaced: true },
  RoleBinding: { ...RBAC_GROUP, plural: 'rolebindings', namespaced: true },
};
const REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  namespaced: false,
};
const manifest = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ namespace: z.string().optional() }),
});
const issued = z.object({ status: z.object({ token: z.string() }) });
const reviewed = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Gives the operator's ServiceAccount what deploy/rbac.yaml grants, and waits until the API server goes by it. */
export async function grantOperator(kube: KubeClient): Promise<void> {
  await applyRights(kube, RBAC);
  for (const grant of await grantsIn(RBAC)) {
    const { verb, resource } = grant;
    await until(`the operator may ${verb} ${resource}`, () => isAllowed(kube, OPERATOR_USER, grant));
  }
}

/** Creates what a file of manifests grants. */
export async function applyRights(kube: KubeClient, file: string): Promise<void> {
  for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
    const body = manifest.parse(document.toJS());
    const resource = RESOURCES[body.kind];
    if (!resource) throw new Error(`${file} has a ${body.kind}, which is not known here: add it`);
    await kube.create(resource, body, body.metadata.namespace);
  }
}

export async function isAllowed(
  kube: KubeClient,
  user: string,
  { group, resource: whole, verb, namespace, name }: Grant,
): Promise<boolean> {
  const [resource, subresource] = whole.split('/');
  const resourceAttributes = { group, resource, subresource, verb, namespace, name };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  };
  return reviewed.parse(await kube.create(REVIEWS, body)).status.allowed;
}

/** A new token of the operator's ServiceAccount, or of another beside it, as a kubelet would ask for it. */
export async function operatorToken(transport: Transport, account = SERVICE_ACCOUNT): Promise<string> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/serviceaccounts/${account}/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = await transport.request({ method: 'POST', path, body });
  return issued.parse(answer.body).status.token;
}
