import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import { noteRelease } from './helm.ts';
import type { NodeScene } from './scene.ts';

const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };
const ROLES: Resource = { ...RBAC, plural: 'roles' };
const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const TLS = { name: 'workspace-gateway-tls', namespace: OPERATOR_NAMESPACE };

/** Plants a fault that `helm test` is to find, and answers with how to take it back. */
export type Fault = (scene: NodeScene) => Promise<() => Promise<unknown>>;

export const databaseAway: Fault = async ({ doors }) => {
  await doors.database.shut();
  return doors.database.open;
};

export const rightMissing: Fault = async ({ kube, bed }) => {
  const role = { name: 'workspace-operator-gateway', namespace: OPERATOR_NAMESPACE };
  const { rules } = await kube.get<KubeObject & { rules: { resources: string[] }[] }>(
    ROLES,
    role.name,
    role.namespace,
  );
  // What it is refused now is no fault of the chart.
  await noteRelease(bed, 'uninstall');
  await kube.mergePatch(ROLES, role, {
    rules: rules.filter(({ resources }) => !resources.includes('secrets')),
  });
  return async () => {
    await kube.mergePatch(ROLES, role, { rules });
    await noteRelease(bed, 'install');
  };
};

export const definitionsOlder: Fault = async ({ kube }) => {
  const name = 'workspaces.compute.molecule.ai';
  type Definition = KubeObject & { spec: { versions: Version[] } };
  type Version = {
    schema: { openAPIV3Schema: { properties: { status: { properties: Record<string, unknown> } } } };
  };
  const { spec } = await kube.get<Definition>(DEFINITIONS, name);
  const older = structuredClone(spec.versions);
  for (const { schema } of older) delete schema.openAPIV3Schema.properties.status.properties.provisions;
  await kube.mergePatch(DEFINITIONS, { name }, { spec: { versions: older } });
  return () => kube.mergePatch(DEFINITIONS, { name }, { spec: { versions: spec.versions } });
};

export const certificateWrong: Fault = async ({ kube }) => {
  const { data } = await kube.get<KubeObject & { data: Record<string, string> }>(
    SECRETS,
    TLS.name,
    TLS.namespace,
  );
  const { certPEM, keyPEM } = await createServerCertificate('elsewhere.example');
  await kube.mergePatch(SECRETS, TLS, { stringData: { 'tls.crt': certPEM, 'tls.key': keyPEM } });
  return () => kube.mergePatch(SECRETS, TLS, { data });
};
