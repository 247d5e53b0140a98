import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHART } from '../../install/chart.ts';
import { type HelmCluster, NAMESPACE, openHelmCluster } from './helmCluster.ts';
import { playJob } from './playedJob.ts';

let on: HelmCluster;
beforeAll(async () => {
  on = await openHelmCluster(4);
});
afterAll(() => on?.close());

// There is no kubelet here: what is shown is that the API server takes all of it, and that releases follow one another.
test('installed, upgraded, rolled back and taken out, it leaves the definitions and every Workspace', async () => {
  const said = await on.install('workspace-operator');
  expect(said).toContain('STATUS: deployed');
  expect(said).not.toMatch(/warn/i);
  await expect(
    on.install('second', '--set', 'fullnameOverride=second', '--set', 'crds.install=false'),
  ).rejects.toThrow(/invalid ownership metadata/);
  await on.kubectl.ok('apply', '-f', 'deploy/examples/');
  const before = await on.kubectl.ok('get', 'wks,wksc', '-A', '-o', 'name');
  expect(before).toContain('workspace');

  const upgrade = (...values: string[]) =>
    on.helm(
      'upgrade',
      'workspace-operator',
      CHART,
      '--reset-then-reuse-values',
      ...values.flatMap((value) => ['--set', value]),
    );
  await upgrade('controller.replicas=3', 'uninstall.policy=Keep');
  const replicas = () =>
    on.kubectl.ok(
      'get',
      'deployment/workspace-operator-controller',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.spec.replicas}',
    );
  expect(await replicas()).toBe('3');
  await on.helm('rollback', 'workspace-operator', '1');
  expect(await replicas()).toBe('2');
  await upgrade('uninstall.policy=Keep');

  const [gone] = await Promise.all([
    on.helm('uninstall', 'workspace-operator'),
    playJob(on, 'workspace-operator-uninstall'),
  ]);
  expect(gone).toContain('CustomResourceDefinition');
  expect(await on.kubectl.ok('get', 'wks,wksc', '-A', '-o', 'name')).toBe(before);
  expect(await on.install('workspace-operator')).toContain('STATUS: deployed');
});
