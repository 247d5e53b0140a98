import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import { until } from '../../scenarios/until.ts';
import { describeOnNode } from './bed.ts';
import { RELEASE } from './helm.ts';
import { noteRelease } from './releases.ts';
import { createNodeScene, type NodeScene } from './scene.ts';

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

/** A fault, and how to take it back. */
type Fault = (scene: NodeScene) => Promise<() => Promise<unknown>>;

const databaseAway: Fault = async ({ doors }) => {
  await doors.database.shut();
  return doors.database.open;
};

const rightMissing: Fault = async ({ kube, bed }) => {
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

const definitionsOlder: Fault = async ({ kube }) => {
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

const certificateWrong: Fault = async ({ kube }) => {
  const { data } = await kube.get<KubeObject & { data: Record<string, string> }>(
    SECRETS,
    TLS.name,
    TLS.namespace,
  );
  const { certPEM, keyPEM } = await createServerCertificate('elsewhere.example');
  await kube.mergePatch(SECRETS, TLS, { stringData: { 'tls.crt': certPEM, 'tls.key': keyPEM } });
  return () => kube.mergePatch(SECRETS, TLS, { data });
};

describeOnNode('helm test', () => {
  let scene: NodeScene;
  let takeBack: (() => Promise<unknown>) | undefined;
  beforeAll(async () => {
    scene = await createNodeScene();
  });
  afterEach(async () => {
    await takeBack?.();
    takeBack = undefined;
  });
  afterAll(() => scene?.close());

  /** What the checks print, of both pods, and whether Helm says that they succeeded. */
  async function run(): Promise<{ succeeded: boolean; said: string }> {
    const succeeded = await scene.helm.run('test', RELEASE, '--timeout', '120s').then(
      () => true,
      () => false,
    );
    const logs = await Promise.all(
      ['controller', 'gateway'].map((part) =>
        scene.kubectl.run(['logs', '-n', OPERATOR_NAMESPACE, `${RELEASE}-check-${part}`]),
      ),
    );
    return { succeeded, said: logs.map(({ stdout }) => stdout).join('\n') };
  }

  test('is green after an install', async () => {
    const { succeeded, said } = await run();
    expect(said).not.toMatch(/FAIL/);
    expect(said.match(/All \d+ checks passed/g)).toHaveLength(2);
    expect(succeeded).toBe(true);
  });

  test.each<[string, Fault, RegExp]>([
    ['the database is away', databaseAway, /^FAIL.*database.*Postgres 10\.123\.0\.1:5432/m],
    ['the gateway lacks a right', rightMissing, /^FAIL.*rights.*secrets\/workspace-operator-keys/m],
    [
      'the definitions are older',
      definitionsOlder,
      /^FAIL.*definitions.*lacks 1 fields?: status\.provisions/m,
    ],
  ])('is red when %s, and says so', async (_what, plant, cause) => {
    takeBack = await plant(scene);
    const { succeeded, said } = await run();
    expect(said).toMatch(cause);
    expect(succeeded).toBe(false);
  });

  test('is red when the certificate is for another host, once gateways show it, and says so', async () => {
    takeBack = await certificateWrong(scene);
    await until('a check sees the certificate', async () => {
      const { succeeded, said } = await run();
      return !succeeded && /^FAIL.*gateway.*its certificate is for DNS:elsewhere\.example/m.test(said);
    });
  });
});
