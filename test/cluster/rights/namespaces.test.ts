import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Resource } from '../../../src/controller/client/client.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { isHook, render } from '../../install/chart.ts';
import { SECRETS } from '../../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../../scenarios/scene/scene.ts';
import { until } from '../../scenarios/scene/until.ts';
import { isReady } from '../../scenarios/scene/workspaces.ts';
import { operatorToken, RESOURCES } from '../accounts/operatorAccount.ts';
import { type AuditedRequest, auditedRequests } from '../real/auditLog.ts';
import { type Connection, connect } from '../real/connect.ts';

const LIST = ['team-a', 'team-b'];
const ELSEWHERE = 'team-c';
const PARTS = ['controller', 'gateway'] as const;
type Part = (typeof PARTS)[number];
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
/** What has no namespace; the audit log gives a Namespace its own name for one. */
const CLUSTER_SCOPED = /^(workspaceclasses|namespaces|tokenreviews|subjectaccessreviews|selfsubject\w+)\b/;

describe('the chart with watchNamespaces, on a real API server', () => {
  let scene: Scene;
  let admin: Connection;
  beforeAll(async () => {
    scene = await createScene();
    admin = connect(scene.adminKubeconfig);
    for (const name of [...LIST, ELSEWHERE])
      await scene.kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await grant();
    for (const part of PARTS) scene.spawn(await environmentOf(part), part);
    for (const namespace of [...LIST, ELSEWHERE]) await createTeam(namespace);
    for (const namespace of LIST) await untilLaunch(namespace, 1);
  });
  afterAll(async () => {
    await admin?.close();
    await scene?.close();
  });

  /** The accounts and roles of the chart. The scene made a Role of the same name for an operator that is whole. */
  async function grant(): Promise<void> {
    const manifests = await render({ watchNamespaces: LIST, aggregatedRoles: false });
    for (const manifest of manifests.filter((it) => !isHook(it))) {
      const resource = RESOURCES[manifest.kind];
      if (!resource) continue;
      const { name, namespace } = manifest.metadata;
      await scene.kube.delete(resource, name, namespace).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
      await scene.kube.create(resource, manifest, namespace);
    }
  }

  async function environmentOf(part: Part): Promise<Record<string, string>> {
    const config = parse(scene.adminKubeconfig) as { users: { name: string }[] };
    const token = await operatorToken(admin.transport, `workspace-operator-${part}`);
    const users = config.users.map(({ name }) => ({ name, user: { token } }));
    const path = join(scene.stack.folder, `${part}.kubeconfig`);
    await writeFile(path, stringify({ ...config, users }), { mode: 0o600 });
    return { KUBECONFIG: path, WORKSPACE_WATCH_NAMESPACES: LIST.join() };
  }

  async function createTeam(namespace: string): Promise<void> {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'env', namespace } };
    await scene.kube.create(SECRETS, { ...secret, stringData: { KEY: 'a' } }, namespace);
    const workspace = {
      apiVersion: 'compute.molecule.ai/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'ada', namespace },
      spec: { className: 'standard', envFrom: [{ secretRef: { name: 'env' } }] },
    };
    await scene.kube.create(WORKSPACES, workspace, namespace);
  }

  const workspaceOf = async (namespace: string) =>
    decodeWorkspace(await scene.kube.get(WORKSPACES, 'ada', namespace));

  function untilLaunch(namespace: string, number: number): Promise<true> {
    return until(`${namespace}/ada is Ready with launch ${number}`, async () => {
      const workspace = await workspaceOf(namespace);
      return isReady(workspace) && workspace.status?.launch?.number === number;
    });
  }

  const asked = (part: Part): AuditedRequest[] => {
    const user = `system:serviceaccount:${OPERATOR_NAMESPACE}:workspace-operator-${part}`;
    return auditedRequests(scene.cluster?.auditLog ?? '').filter((request) => request.user === user);
  };

  test('serves these, and leaves a Workspace elsewhere alone', async () => {
    await scene.kube.mergePatch(SECRETS, { name: 'env', namespace: 'team-a' }, { stringData: { KEY: 'b' } });
    await untilLaunch('team-a', 2);
    await scene.kube.delete(WORKSPACES, 'ada', 'team-b');
    await until('team-b/ada is gone', async () =>
      workspaceOf('team-b').then(
        () => false,
        (error: unknown) => isNotFound(error),
      ),
    );
    const other = await workspaceOf(ELSEWHERE);
    expect(other.metadata.finalizers ?? []).toEqual([]);
    expect(other.status?.launch).toBeUndefined();
    expect(scene.stack.ec2.counters.provisions()).toHaveLength(3);
    expect(scene.stack.ec2.counters.terminations()).toHaveLength(2);
  });

  test.each(PARTS)('the %s asks for nothing outside of them and its own, and is refused nothing', (part) => {
    const requests = asked(part);
    const namespaced = requests.filter(({ resource }) => resource !== '' && !CLUSTER_SCOPED.test(resource));
    expect(namespaced.length).toBeGreaterThan(10);
    expect([...new Set(namespaced.map(({ namespace }) => namespace))].sort()).toEqual(
      [...LIST, OPERATOR_NAMESPACE].sort(),
    );
    expect(requests.filter(({ code, forbidden }) => code === 401 || forbidden)).toEqual([]);
  });

  test.each(PARTS)('the %s’s checks pass, and name the namespace whose Role is missing', async (part) => {
    const env = await environmentOf(part);
    const run = async () => {
      const before = scene.logs.length;
      const code = await scene.spawn(env, 'check', part).ended;
      return { code, said: JSON.stringify(scene.logs.slice(before)) };
    };
    expect(await run()).toMatchObject({ code: 0 });
    const { Role: roles } = RESOURCES;
    if (!roles) throw new Error('Role is not known');
    const name = `workspace-operator-${OPERATOR_NAMESPACE}-${part}`;
    const role = await scene.kube.get(roles, name, 'team-b');
    await scene.kube.delete(roles, name, 'team-b');
    await until('it is red, and says where', async () => {
      const { code, said } = await run();
      return code === 1 && /FAIL.*it may not: .*list workspaces\.compute\.molecule\.ai in team-b/.test(said);
    });
    const { apiVersion, kind, rules } = role as typeof role & { rules: unknown };
    await scene.kube.create(
      roles,
      { apiVersion, kind, metadata: { name, namespace: 'team-b' }, rules },
      'team-b',
    );
  });
});
