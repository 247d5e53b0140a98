import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { kubeTransport } from '../src/controller/client/httpTransport.ts';
import { parseKubeConfig } from '../src/controller/client/kubeConfig.ts';
import { systemClock } from '../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../src/controller/serve/metrics.ts';
import { WORKSPACES } from '../src/reconcilers/workspace/context/deps.ts';
import {
  applyRights,
  grantOperator,
  isAllowed,
  NAMESPACES_RBAC,
  operatorToken,
  SPLIT_RBAC,
} from './cluster/operatorAccount.ts';
import {
  createScene,
  createWorkspace,
  NAMESPACE,
  provisionsOf,
  putSecret,
  report,
  type Scene,
  untilGone,
  untilReady,
} from './scenarios/harness.ts';

let scene: Scene;
let transport: ReturnType<typeof kubeTransport>;
beforeEach(async () => {
  scene = await createScene();
  const loadKubeConfig = () => parseKubeConfig(scene.adminKubeconfig);
  transport = kubeTransport({ clock: systemClock, metrics: createRuntimeMetrics(), loadKubeConfig });
});
afterEach(async () => {
  await transport.close();
  await scene.close();
});

/** The path of a kubeconfig for the operator's ServiceAccount, or another. */
async function kubeconfigOfOperator(account?: string): Promise<string> {
  const config = parse(scene.adminKubeconfig) as { users: { name: string; user: { token: string } }[] };
  const token = await operatorToken(transport, account);
  const users = config.users.map(({ name }) => ({ name, user: { token } }));
  const path = join(scene.stack.folder, `${account ?? 'operator'}.kubeconfig`);
  await writeFile(path, stringify({ ...config, users }), { mode: 0o600 });
  return path;
}

// What the run on kube-apiserver proves of every scenario, proved of one where there is no Go.
test('with its ServiceAccount’s token and the roles of deploy/rbac.yaml alone the operator does its work', async () => {
  await grantOperator(scene.kube);
  scene.spawn({ KUBECONFIG: await kubeconfigOfOperator() });
  await workThrough();
});

test('apart, with the roles of deploy/rbac-split.yaml alone they do it as well, and the gateway can’t read the keys of launches', async () => {
  await applyRights(scene.kube, SPLIT_RBAC);
  const [account, namespace] = ['workspace-operator-gateway', 'workspace-system'];
  const groups = new Map([
    ['workspaces/status', 'compute.molecule.ai'],
    ['leases', 'coordination.k8s.io'],
    ['events', 'events.k8s.io'],
  ]);
  const gateway = scene.spawn({ KUBECONFIG: await kubeconfigOfOperator(account) }, 'gateway');
  // It is the first to start: it has no right to record the cluster, and waits.
  await gateway.line(({ msg }) => String(msg).startsWith('waiting for the controller'));
  scene.spawn({ KUBECONFIG: await kubeconfigOfOperator() }, 'controller');
  await gateway.line(({ msg }) => msg === 'started');
  // An agent of another release, which launches name during an upgrade: it is looked for, and no right is missing.
  expect(await askForAgent('0'.repeat(64))).toBe(404);
  await workThrough();
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

test('with a list of namespaces, the roles of deploy/rbac-namespaces.yaml alone do, and nothing is asked elsewhere', async () => {
  await applyRights(scene.kube, NAMESPACES_RBAC);
  const list = { WORKSPACE_WATCH_NAMESPACES: NAMESPACE };
  const gatewayConfig = await kubeconfigOfOperator('workspace-operator-gateway');
  scene.spawn({ KUBECONFIG: gatewayConfig, ...list }, 'gateway');
  scene.spawn({ KUBECONFIG: await kubeconfigOfOperator(), ...list }, 'controller');
  await workThrough();
  const asked = scene.stack.api.counters
    .rows()
    .filter(({ userAgent, resource }) => userAgent === 'workspace-operator' && isNamespaced(resource));
  expect([...new Set(asked.map(({ namespace }) => namespace))].sort()).toEqual(
    [NAMESPACE, 'workspace-system'].sort(),
  );
});

const isNamespaced = (resource: string) =>
  !/^(workspaceclasses|namespaces|tokenreviews|subjectaccessreviews)\b/.test(resource);

async function askForAgent(digest: string): Promise<number> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const answer = await request(`${scene.stack.gatewayURL}/v1/agent/${digest}`, { dispatcher });
  await answer.body.dump();
  await dispatcher.close();
  return answer.statusCode;
}

async function workThrough(): Promise<void> {
  await putSecret(scene, 'ada-env', { KEY: 'a' });
  await createWorkspace(scene, 'ada');
  await untilReady(scene, 'ada', 1);
  expect(await report(scene, 'ada')).toBe(202);
  await putSecret(scene, 'ada-env', { KEY: 'b' });
  await untilReady(scene, 'ada', 2);
  await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
  await untilGone(scene, 'ada');
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(scene.logs.filter((line) => /forbidden/i.test(JSON.stringify(line)))).toEqual([]);
}
