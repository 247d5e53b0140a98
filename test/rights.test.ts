import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ACCOUNTS, kubeconfigFile, startApart, workThrough } from './cluster/accounts/apart.ts';
import { type Grant, grantsOf } from './cluster/accounts/grants.ts';
import {
  applyRights,
  grantOperator,
  isAllowed,
  NAMESPACES_RBAC,
  SPLIT_RBAC,
} from './cluster/accounts/operatorAccount.ts';
import { type Connection, connect } from './cluster/real/connect.ts';
import { provisionsOf } from './scenarios/scene/counts.ts';
import { NAMESPACE } from './scenarios/scene/objects.ts';
import { createScene, type Scene } from './scenarios/scene/scene.ts';

interface Named {
  metadata: { name: string };
}

let scene: Scene;
let admin: Connection;
beforeEach(async () => {
  scene = await createScene();
  admin = connect(scene.adminKubeconfig);
});
afterEach(async () => {
  await admin.close();
  await scene.close();
});

/** Of the operator's ServiceAccount, or of another. */
const kubeconfigOf = (account: string = ACCOUNTS.controller) =>
  kubeconfigFile(scene, admin.transport, account);

// What the run on kube-apiserver proves of every scenario, proved of one where there is no Go.
test('with its ServiceAccount’s token and the roles of deploy/rbac.yaml alone the operator does its work', async () => {
  await grantOperator(scene.kube);
  scene.spawn({ KUBECONFIG: await kubeconfigOf() });
  await work();
});

test('apart, with the roles of deploy/rbac-split.yaml alone they do it as well, and the gateway can’t read the keys of launches', async () => {
  await applyRights(scene.kube, SPLIT_RBAC);
  const [account, namespace] = [ACCOUNTS.gateway, 'workspace-system'];
  const groups = new Map([
    ['workspaces/status', 'compute.molecule.ai'],
    ['leases', 'coordination.k8s.io'],
    ['events', 'events.k8s.io'],
  ]);
  await startApart(scene, admin.transport);
  await work();
  // Fails as well for a right too many: add one, and nothing uses it.
  expect((await idleRightsOfController()).filter((it) => !RARE_FOR_CONTROLLER.includes(it))).toEqual([]);
  const may = (verb: string, resource: string, name: string, where = namespace) =>
    isAllowed(scene.kube, `system:serviceaccount:${namespace}:${account}`, {
      group: groups.get(resource) ?? '',
      resource,
      verb,
      name,
      namespace: where,
    });
  expect(await may('get', 'secrets', 'workspace-operator-keys')).toBe(true);
  expect(await may('get', 'secrets', 'ada-env', NAMESPACE)).toBe(true);
  // What it asks for only when files change: the CA bundles that launches hold, and an event about the Lease.
  expect(await may('get', 'configmaps', 'workspace-user-data-0')).toBe(true);
  expect(await may('get', 'leases', 'workspace-operator')).toBe(true);
  expect(await may('create', 'events', '')).toBe(true);
  for (const verb of ['create', 'patch', 'update', 'delete']) {
    expect(await may(verb, 'configmaps', 'workspace-user-data-0')).toBe(false);
    expect(await may(verb, 'leases', 'workspace-operator')).toBe(false);
  }
  for (const verb of ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']) {
    expect(await may(verb, 'secrets', 'workspace-operator-launch-keys')).toBe(false);
    if (verb !== 'list' && verb !== 'watch')
      expect(await may(verb, 'workspaces/status', 'ada', NAMESPACE)).toBe(false);
  }
});

/** Rights of the controller's that a change and a deletion don't need: user data is forgotten weeks later, and an event that repeats is counted. */
const RARE_FOR_CONTROLLER: readonly string[] = ['delete configmaps', 'patch events'];

async function idleRightsOfController(): Promise<string[]> {
  const documents = parseAllDocuments(await readFile(SPLIT_RBAC, 'utf8')).map((it) => it.toJS() as Named);
  const granted = grantsOf(documents.filter(({ metadata }) => metadata.name === ACCOUNTS.controller));
  expect(granted.length).toBeGreaterThan(15);
  const used = scene.stack.api.counters.rows().filter(({ userAgent }) => userAgent === 'workspace-operator');
  const isUsed = ({ group, verb, resource: full, namespace }: Grant) => {
    const [resource, subresource = ''] = full.split('/');
    return used.some(
      (row) =>
        row.verb === verb &&
        row.resource === [resource, group].filter(Boolean).join('.') &&
        row.subresource === subresource &&
        (namespace === undefined || row.namespace === namespace),
    );
  };
  return granted
    .filter((grant) => !isUsed(grant))
    .map(({ verb, resource, name }) => [verb, resource, name].filter(Boolean).join(' '))
    .sort();
}

test('with a list of namespaces, the roles of deploy/rbac-namespaces.yaml alone do, and nothing is asked elsewhere', async () => {
  await applyRights(scene.kube, NAMESPACES_RBAC);
  const list = { WORKSPACE_WATCH_NAMESPACES: NAMESPACE };
  const gatewayConfig = await kubeconfigOf(ACCOUNTS.gateway);
  scene.spawn({ KUBECONFIG: gatewayConfig, ...list }, 'gateway');
  scene.spawn({ KUBECONFIG: await kubeconfigOf(), ...list }, 'controller');
  await work();
  const asked = scene.stack.api.counters
    .rows()
    .filter(({ userAgent, resource }) => userAgent === 'workspace-operator' && isNamespaced(resource));
  expect([...new Set(asked.map(({ namespace }) => namespace))].sort()).toEqual(
    [NAMESPACE, 'workspace-system'].sort(),
  );
});

const isNamespaced = (resource: string) =>
  !/^(workspaceclasses|namespaces|tokenreviews|subjectaccessreviews)\b/.test(resource);

async function work(): Promise<void> {
  await workThrough(scene);
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(scene.logs.filter((line) => /forbidden/i.test(JSON.stringify(line)))).toEqual([]);
}
