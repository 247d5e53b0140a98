import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import {
  createWorkspace,
  liveInstancesOf,
  putSecret,
  sweeps,
  until,
  untilGone,
  untilReady,
} from '../../scenarios/harness.ts';
import { describeOnNode } from './bed.ts';
import { RELEASE } from './helm.ts';
import { createNodeScene, type NodeScene } from './scene.ts';

describeOnNode('an uninstall', () => {
  let scene: NodeScene;
  beforeAll(async () => {
    scene = await createNodeScene();
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
  });
  afterAll(() => scene?.close());

  const pods = async () =>
    (await scene.kubectl.ok('get', 'deployments', '-n', OPERATOR_NAMESPACE, '-o', 'name')).trim().split('\n');

  test('is refused while a Workspace exists, names it, and takes nothing', async () => {
    const refusal = await scene.helm.run('uninstall', RELEASE, '--wait').catch(String);
    expect(refusal).toMatch(/fail/i);
    const said = await scene.kubectl.ok('logs', '-n', OPERATOR_NAMESPACE, 'job/workspace-operator-uninstall');
    expect(said).toMatch(/Refused: 1 Workspace exists[\s\S]*default\/ada/);
    expect(await pods()).toHaveLength(2);
    expect(await scene.helm.run('status', RELEASE)).toMatch(/STATUS: deployed/);
  });

  test('with Keep goes through, and a reinstall goes on with the same instance', async () => {
    await scene.helm.apply('upgrade', { ...scene.values, uninstall: { policy: 'Keep' } });
    await scene.helm.run('uninstall', RELEASE, '--wait');
    expect(liveInstancesOf(scene, 'ada')).toHaveLength(1);
    await scene.helm.apply('install', scene.values);
    await sweeps(scene, 6);
    await untilReady(scene, 'ada', 1);
    expect(scene.stack.ec2.counters.provisions()).toHaveLength(1);
    expect(scene.stack.ec2.counters.terminations()).toEqual([]);
    await putSecret(scene, 'ada-env', { KEY: 'b' });
    await untilReady(scene, 'ada', 2);
  });

  test('after the last Workspace leaves no instance, no finalizer and no namespace', async () => {
    await scene.kube.delete(WORKSPACES, 'ada', 'default');
    await untilGone(scene, 'ada');
    await scene.helm.run('uninstall', RELEASE, '--wait');
    expect(liveInstancesOf(scene, 'ada')).toEqual([]);
    const kinds = [
      'deployments',
      'services',
      'sa',
      'roles',
      'rolebindings',
      'networkpolicies',
      'pdb',
      'jobs',
    ];
    const left = await scene.kubectl.ok('get', kinds.join(), '-n', OPERATOR_NAMESPACE, '-o', 'name');
    expect(left.split('\n').filter((name) => name.includes('workspace-operator'))).toEqual([]);
    const everywhere = await scene.kubectl.ok('get', 'clusterroles,clusterrolebindings', '-o', 'name');
    expect(everywhere.split('\n').filter((name) => name.includes('workspace-operator'))).toEqual([]);
    await scene.kubectl.ok(
      'delete',
      'crd',
      'workspaces.compute.molecule.ai',
      'workspaceclasses.compute.molecule.ai',
      '--timeout=60s',
    );
    await scene.kubectl.ok('delete', 'namespace', OPERATOR_NAMESPACE, '--timeout=60s');
    await until(
      'the namespace is gone',
      async () => (await scene.kubectl.run(['get', 'namespace', OPERATOR_NAMESPACE])).code !== 0,
    );
  });
});
