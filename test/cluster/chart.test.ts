import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import type { Cluster } from '../envtest/cluster.ts';
import { openCluster } from '../envtest/dispenser.ts';
import { CHART, LEAST } from '../install/chart.ts';
import { findHelm } from '../install/helm.ts';
import { createKubectl, type Kubectl } from '../kubectl/kubectl.ts';
import { until } from '../scenarios/until.ts';

const NAMESPACE = 'workspace-system';
const root = join(import.meta.dirname, '..', '..');

let cluster: Cluster;
let kubectl: Kubectl;
let folder: string;
let program: string;
beforeAll(async () => {
  const access = inject('realCluster');
  if (!access) throw new Error('this needs a real cluster: npm run test:cluster');
  program = await findHelm();
  cluster = await openCluster(access.dispenser);
  kubectl = await createKubectl(access.kubectl, cluster.kubeconfig, root);
  folder = await mkdtemp(join(tmpdir(), 'chart-'));
  await writeFile(join(folder, 'kubeconfig'), cluster.kubeconfig, { mode: 0o600 });
  await writeFile(join(folder, 'values.yaml'), stringify({ ...LEAST, tenantNamespaces: ['default'] }));
  await until('there are its namespaces', async () =>
    /default[\s\S]*kube-system/.test((await kubectl.run(['get', 'ns'])).stdout),
  );
  await kubectl.ok('create', 'namespace', NAMESPACE);
  await kubectl.ok('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/warn=restricted');
});
afterAll(async () => {
  await kubectl?.close();
  await cluster?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** What Helm says. Its own state stays in the folder. */
async function helm(command: string, ...args: string[]): Promise<string> {
  const where = ['--kubeconfig', join(folder, 'kubeconfig'), '--namespace', NAMESPACE];
  const env = {
    ...process.env,
    HOME: folder,
    XDG_CACHE_HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
  };
  const { stdout, stderr } = await promisify(execFile)(program, [command, ...args, ...where], { env });
  return `${stdout}${stderr}`;
}
const install = (release: string, ...more: string[]) =>
  helm('install', release, CHART, '--values', join(folder, 'values.yaml'), ...more);

// There is no kubelet here: what is shown is that the API server takes all of it, and that releases follow one another.
test('installed, upgraded, rolled back and taken out, it leaves the definitions and every Workspace', async () => {
  const said = await install('workspace-operator');
  expect(said).toContain('STATUS: deployed');
  expect(said).not.toMatch(/warn/i);
  await expect(
    install('second', '--set', 'fullnameOverride=second', '--set', 'crds.install=false'),
  ).rejects.toThrow(/invalid ownership metadata/);
  await kubectl.ok('apply', '-f', 'deploy/examples/');
  const before = await kubectl.ok('get', 'wks,wksc', '-A', '-o', 'name');
  expect(before).toContain('workspace');

  await helm('upgrade', 'workspace-operator', CHART, '--reuse-values', '--set', 'controller.replicas=3');
  const replicas = () =>
    kubectl.ok(
      'get',
      'deployment/workspace-operator-controller',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.spec.replicas}',
    );
  expect(await replicas()).toBe('3');
  await helm('rollback', 'workspace-operator', '1');
  expect(await replicas()).toBe('2');

  expect(await helm('uninstall', 'workspace-operator')).toContain('CustomResourceDefinition');
  expect(await kubectl.ok('get', 'wks,wksc', '-A', '-o', 'name')).toBe(before);
  expect(await install('workspace-operator')).toContain('STATUS: deployed');
});
