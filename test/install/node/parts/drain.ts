import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import { sweeps } from '../../../scenarios/scene/counts.ts';
import { until } from '../../../scenarios/scene/until.ts';
import { putSecret, untilReady } from '../../../scenarios/scene/workspaces.ts';
import { nodeName } from '../bed/kubelet.ts';
import type { NodeScene } from '../scene.ts';
import { watchGateway } from '../watchers/gateway.ts';
import { watchLeader } from '../watchers/leader.ts';
import { watched } from '../watchers/watch.ts';
import { haveAda, judgeFrom } from './running.ts';

const LONGEST_WITHOUT_LEADER_MS = 3_000;
const LONGEST_WITHOUT_GATEWAY_MS = 5_000;

export function drains(sceneOf: () => NodeScene): void {
  describe('a drained node', () => {
    let scene: NodeScene;
    let number: number;
    let expectNothingDone: () => void;
    beforeAll(async () => {
      scene = sceneOf();
      number = await haveAda(scene);
      expectNothingDone = judgeFrom(scene);
    });
    afterEach(async () => {
      await scene.kubectl.ok('uncordon', nodeName(1), nodeName(2));
    });

    /** The node of the pod that leads; undefined while the lease names none that stays, as between two leaders. */
    async function nodeOfLeader(): Promise<string | undefined> {
      const inNamespace = ['-n', OPERATOR_NAMESPACE];
      const path = 'jsonpath={.spec.holderIdentity}';
      const holder = await scene.kubectl.ok('get', 'lease', 'workspace-operator', ...inNamespace, '-o', path);
      const pods = await scene.kubectl.ok('get', 'pods', ...inNamespace, '-o', 'json');
      const { items } = JSON.parse(pods) as {
        items: { metadata: { name: string; deletionTimestamp?: string }; spec: { nodeName: string } }[];
      };
      const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return staying.find(({ metadata }) => holder.startsWith(metadata.name))?.spec.nodeName;
    }

    const someLeader = () => until('the lease names a pod that stays', nodeOfLeader);

    const drain = (node: string) =>
      scene.kubectl.ok('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=120s');

    test('with two replicas is empty soon: another leads within 3 s, and a gateway serves all the time', async () => {
      const from = await someLeader();
      const watchers = { leader: watchLeader(scene), gateway: watchGateway(scene) };
      const { leader, gateway } = await watched(watchers, async () => {
        await drain(from);
        await sweeps(scene, 3);
      });
      console.log(
        `without a leader ${Math.round(leader.longest)} ms, without a gateway ${Math.round(gateway)} ms`,
      );
      expect(leader.holders.length).toBeGreaterThan(1);
      expect(leader.longest).toBeLessThan(LONGEST_WITHOUT_LEADER_MS);
      expect(gateway).toBeLessThan(LONGEST_WITHOUT_GATEWAY_MS);
      expectNothingDone();
    });

    test('with one replica each is empty soon too, and the next pod leads', async () => {
      const { controller, gateway } = scene.values;
      const alone = { controller: { ...controller, replicas: 1 }, gateway: { ...gateway, replicas: 1 } };
      await scene.helm.apply('upgrade', { ...scene.values, ...alone });
      const from = await someLeader();
      await drain(from);
      await scene.kubectl.ok('rollout', 'status', 'deployment', '-n', OPERATOR_NAMESPACE, '--timeout=120s');
      await sweeps(scene, 3);
      expect(await someLeader()).not.toBe(from);
      expectNothingDone();
      await putSecret(scene, 'ada-env', { KEY: 'after two drains' });
      await untilReady(scene, 'ada', number + 1);
    });
  });
}
