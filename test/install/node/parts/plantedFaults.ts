import { connect } from 'node:tls';
import { createServerCertificate } from '../../../../dev/apiserver/transport/certificates.ts';
import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import type { KubeObject, Resource } from '../../../../src/controller/client/client.ts';
import { until } from '../../../scenarios/scene/until.ts';
import { noteRelease } from '../helm.ts';
import type { NodeScene } from '../scene.ts';

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

const ELSEWHERE = 'elsewhere.example';

function isElsewhere({ stack }: NodeScene): Promise<boolean> {
  const { hostname, port } = new URL(stack.gatewayURL);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      const { subjectaltname = '' } = socket.getPeerCertificate();
      socket.destroy();
      resolve(subjectaltname.includes(ELSEWHERE));
    });
    socket.once('error', reject);
  });
}

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

export const definitionsOlder: Fault = async ({ kube, helm, values }) => {
  const name = 'workspaces.compute.molecule.ai';
  type Definition = KubeObject & { spec: { versions: Version[] } };
  type Version = {
    schema: { openAPIV3Schema: { properties: { status: { properties: Record<string, unknown> } } } };
  };
  const { spec } = await kube.get<Definition>(DEFINITIONS, name);
  const older = structuredClone(spec.versions);
  for (const { schema } of older) delete schema.openAPIV3Schema.properties.status.properties.provisions;
  await kube.mergePatch(DEFINITIONS, { name }, { spec: { versions: older } });
  // As people do: Helm 4 refuses to change what someone else wrote, without the flag.
  return () => helm.apply('upgrade', values, { args: ['--force-conflicts'] });
};

export const certificateWrong: Fault = async (scene) => {
  const { kube } = scene;
  const { data } = await kube.get<KubeObject & { data: Record<string, string> }>(
    SECRETS,
    TLS.name,
    TLS.namespace,
  );
  const { certPEM, keyPEM } = await createServerCertificate(ELSEWHERE);
  await kube.mergePatch(SECRETS, TLS, { stringData: { 'tls.crt': certPEM, 'tls.key': keyPEM } });
  return async () => {
    await kube.mergePatch(SECRETS, TLS, { data });
    // From the gateway of the two that answers.
    await until('the gateways show the certificate of before', async () => {
      for (let asked = 0; asked < 12; asked += 1) if (await isElsewhere(scene)) return false;
      return true;
    });
  };
};
