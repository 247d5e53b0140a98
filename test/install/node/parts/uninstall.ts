import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import { WORKSPACES } from '../../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, sweeps } from '../../../scenarios/scene/counts.ts';
import { until } from '../../../scenarios/scene/until.ts';
import { putSecret, untilGone, untilReady } from '../../../scenarios/scene/workspaces.ts';
import { RELEASE } from '../helm.ts';
import type { NodeScene } from '../scene.ts';
import { haveAda, judgeFrom } from './running.ts';

export function uninstalls(sceneOf: () => NodeScene): void {
  describe('an uninstall', () => {
    let scene: NodeScene;
    let number: number;
    beforeAll(async () => {
      scene = sceneOf();
      number = await haveAda(scene);
    });

    const pods = async () =>
      (await scene.kubectl.ok('get', 'deployments', '-n', OPERATOR_NAMESPACE, '-o', 'name'))
        .trim()
        .split('\n');

    function untilNoneLeft(kinds: string, ...where: string[]): Promise<true> {
      return until(`of ${kinds} none of the release is left`, async () => {
        const left = await scene.kubectl.ok('get', kinds, ...where, '-o', 'name');
        return !left.includes('workspace-operator');
      });
    }

    test('is refused while a Workspace exists, names it, and takes nothing', async () => {
      const refusal = await scene.helm.run('uninstall', RELEASE, '--wait').catch(String);
      expect(refusal).toMatch(/fail/i);
      const said = await scene.kubectl.ok(
        'logs',
        '-n',
        OPERATOR_NAMESPACE,
        'job/workspace-operator-uninstall',
      );
      expect(said).toMatch(/Refused: 1 Workspace exists[\s\S]*default\/ada/);
      expect(await pods()).toHaveLength(2);
      expect(await scene.helm.run('status', RELEASE)).toMatch(/STATUS: deployed/);
    });

    test('with Keep goes through, and a reinstall goes on with the same instance', async () => {
      const expectNothingDone = judgeFrom(scene);
      await scene.helm.apply('upgrade', { ...scene.values, uninstall: { policy: 'Keep' } });
      await scene.helm.run('uninstall', RELEASE, '--wait');
      expect(liveInstancesOf(scene, 'ada')).toHaveLength(1);
      await scene.helm.apply('install', scene.values);
      await sweeps(scene, 6);
      await untilReady(scene, 'ada', number);
      expectNothingDone();
      await putSecret(scene, 'ada-env', { KEY: 'after a reinstall' });
      await untilReady(scene, 'ada', number + 1);
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
      // Hooks are deleted in the background.
      await untilNoneLeft(kinds.join(), '-n', OPERATOR_NAMESPACE);
      await untilNoneLeft('clusterroles,clusterrolebindings');
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
}
