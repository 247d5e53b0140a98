import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { provisionsOf } from '../../scenarios/scene/counts.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../../scenarios/scene/scene.ts';
import { ACCOUNTS, kubeconfigFor, startApart, workThrough } from '../accounts/apart.ts';
import { allows, type Grant, grantsOf } from '../accounts/grants.ts';
import { applyRights, isAllowed, RBAC, RESOURCES, SPLIT_RBAC } from '../accounts/operatorAccount.ts';
import { type AuditedRequest, auditedRequests } from '../real/auditLog.ts';
import { type Connection, connect } from '../real/connect.ts';

type Part = keyof typeof ACCOUNTS;
const userOf = (part: Part) => `system:serviceaccount:${OPERATOR_NAMESPACE}:${ACCOUNTS[part]}`;
const LAUNCH_KEYS = 'workspace-operator-launch-keys';
const VERBS = ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete', 'deletecollection'];

interface Named {
  metadata: { name: string };
}

/** What the gateway comes to ask only when files change, by the words that deploy/rbac-split.yaml has for it. */
const WHEN_FILES_CHANGE: readonly { resource: string; verb: string }[] = [
  { resource: 'leases', verb: 'get' },
  { resource: 'events', verb: 'create' },
  { resource: 'events', verb: 'patch' },
];

describe('deploy/rbac-split.yaml, on a real API server', () => {
  let scene: Scene;
  let admin: Connection;
  beforeAll(async () => {
    scene = await createScene();
    admin = connect(scene.adminKubeconfig);
    // The scene made what an operator that is whole has, under the same names.
    await removeRights(RBAC);
    await applyRights(scene.kube, SPLIT_RBAC);
    await startApart(scene, admin.transport);
    await workThrough(scene);
  });
  afterAll(async () => {
    await admin?.close();
    await scene?.close();
  });

  async function removeRights(file: string): Promise<void> {
    for (const kind of ['ClusterRoleBinding', 'RoleBinding', 'ClusterRole', 'Role', 'ServiceAccount']) {
      const resource = RESOURCES[kind];
      if (!resource) throw new Error(`${kind} is not known`);
      const namespace = resource.namespaced ? OPERATOR_NAMESPACE : undefined;
      await scene.kube.delete(resource, ACCOUNTS.controller, namespace).catch((error: unknown) => {
        if (!isNotFound(error)) throw new Error(`${file}: its ${kind} stays`, { cause: error });
      });
    }
  }

  const asked = (part: Part): AuditedRequest[] =>
    auditedRequests(scene.cluster?.auditLog ?? '').filter(({ user }) => user === userOf(part));

  test('two changes are two provisions, and neither account is refused anything', () => {
    expect(provisionsOf(scene, 'ada')).toHaveLength(2);
    for (const part of ['controller', 'gateway'] as const) {
      const requests = asked(part);
      expect(requests.length).toBeGreaterThan(10);
      expect(requests.filter(({ code, forbidden }) => code === 401 || forbidden)).toEqual([]);
    }
  });

  test('the gateway writes nothing: it asks who callers are, and what they may', () => {
    const written = asked('gateway').filter(({ verb }) => !['get', 'list', 'watch'].includes(verb));
    expect([...new Set(written.map(({ verb, resource }) => `${verb} ${resource}`))].sort()).toEqual([
      'create subjectaccessreviews',
      'create tokenreviews',
    ]);
  });

  test('no right of the gateway is idle but those for files that change', async () => {
    const documents = parseAllDocuments(await readFile(SPLIT_RBAC, 'utf8')).map((it) => it.toJS() as Named);
    const granted = grantsOf(documents.filter(({ metadata }) => metadata.name.startsWith(ACCOUNTS.gateway)));
    expect(granted.length).toBeGreaterThan(10);
    const used = asked('gateway');
    const idle = granted.filter((grant) => !used.some((request) => allows(grant, request)));
    const unexpected = idle.filter(
      ({ resource, verb }) => !WHEN_FILES_CHANGE.some((it) => it.resource === resource && it.verb === verb),
    );
    expect(unexpected).toEqual([]);
  });

  /** As the authorizer of the API server has it. */
  const gatewayMay = (grant: Grant) => isAllowed(scene.kube, userOf('gateway'), grant);

  test('the gateway may not touch the keys of launches, nor write what the controller decides from', async () => {
    const allowed: string[] = [];
    const core = { group: '', namespace: OPERATOR_NAMESPACE };
    const ours = { group: 'compute.molecule.ai', namespace: NAMESPACE };
    for (const verb of VERBS) {
      const may = async (grant: Omit<Grant, 'verb'>) => {
        if (await gatewayMay({ ...grant, verb }))
          allowed.push(`${verb} ${grant.resource} ${grant.name ?? ''}`);
      };
      await may({ ...core, resource: 'secrets', name: LAUNCH_KEYS });
      await may({ ...core, resource: 'secrets' });
      await may({ ...core, resource: 'pods/exec' });
      await may({ ...core, resource: 'serviceaccounts/token', name: ACCOUNTS.controller });
      if (['get', 'list', 'watch'].includes(verb)) continue;
      await may({ ...core, resource: 'secrets', name: 'workspace-operator-keys' });
      await may({ ...core, resource: 'configmaps' });
      await may({ ...ours, resource: 'workspaces' });
      await may({ ...ours, resource: 'workspaces/status' });
      await may({ ...ours, resource: 'workspaces/finalizers' });
      await may({ group: 'coordination.k8s.io', namespace: OPERATOR_NAMESPACE, resource: 'leases' });
      await may({ group: '', namespace: NAMESPACE, resource: 'secrets', name: 'ada-env' });
    }
    expect(allowed).toEqual([]);
    expect(await gatewayMay({ group: '', resource: 'secrets', verb: 'list', namespace: NAMESPACE })).toBe(
      false,
    );
  });

  test('the keys of launches can’t be read with the gateway’s own token', async () => {
    const gateway = connect(await kubeconfigFor(scene, admin.transport, ACCOUNTS.gateway));
    const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets`;
    const codes: number[] = [];
    for (const query of [
      `/${LAUNCH_KEYS}`,
      '',
      `?fieldSelector=metadata.name%3D${LAUNCH_KEYS}`,
      '?watch=true',
    ]) {
      const answer = gateway.transport.request({ method: 'GET', path: `${path}${query}` });
      codes.push(
        await answer.then(
          ({ status }) => status,
          (error: { status?: number }) => error.status ?? 0,
        ),
      );
    }
    await gateway.close();
    expect(codes).toEqual([403, 403, 403, 403]);
  });
});
