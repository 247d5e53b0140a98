import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import { WORKSPACES } from '../../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../../../scenarios/scene/counts.ts';
import { until } from '../../../scenarios/scene/until.ts';
import {
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilGone,
  untilReady,
} from '../../../scenarios/scene/workspaces.ts';
import { playIncident } from '../../../scenarios/steps/incidentStory.ts';
import type { NodeScene } from '../scene.ts';

const GATEWAYS = 'app.kubernetes.io/component=gateway';
/** Longer than a heartbeat's limit in these scenes, 3 s, and as long again. */
const OUTAGE_MS = 7_000;

export function scenarios(sceneOf: () => NodeScene): void {
  describe('from the pods of the chart', () => {
    let scene: NodeScene;
    beforeAll(() => {
      scene = sceneOf();
    });

    /** What must not change; of Workspaces, after what follows a change is written. */
    async function booksAtRest() {
      await sweeps(scene, 2);
      return books();
    }
    const books = async () => ({
      versions: (await scene.kube.list(WORKSPACES)).items.map(({ metadata }) => metadata.resourceVersion),
      provisions: scene.stack.ec2.counters.provisions().length,
      terminations: scene.stack.ec2.counters.terminations().length,
    });

    test('one change is one provision, and reports while its instance boots are dropped', () =>
      playIncident(scene));

    test('a restart that is asked for once is one provision', async () => {
      const before = provisionsOf(scene, 'ada').length;
      await patchWorkspace(scene, 'ada', { spec: { requests: { restart: 'please' } } });
      await untilReady(scene, 'ada', before + 1);
      expect(provisionsOf(scene, 'ada')).toHaveLength(before + 1);
    });

    test('without a gateway nothing is provisioned or ended', async () => {
      const before = await booksAtRest();
      await scaleGateways(0);
      // One that ends serves on for ten seconds.
      await scene.kubectl.ok(...inNamespace('delete', 'pods', '-l', GATEWAYS, '--force', '--grace-period=0'));
      await untilEvidence('GatewayUnavailable');
      await wait(OUTAGE_MS);
      expect(await evidence()).toBe('GatewayUnavailable');
      expect(await books()).toMatchObject({
        provisions: before.provisions,
        terminations: before.terminations,
      });
      await scaleGateways(2);
      await untilEvidence('Available');
      await wait(OUTAGE_MS);
      expect(await books()).toEqual(before);
    });

    test('without the database nothing is provisioned or ended', async () => {
      const before = await booksAtRest();
      await scene.doors.database.shut();
      await untilEvidence('DatabaseUnavailable');
      await wait(OUTAGE_MS);
      expect(await books()).toEqual(before);
      await scene.doors.database.open();
      await untilEvidence('Available');
      await wait(OUTAGE_MS);
      expect(await books()).toEqual(before);
    });

    test('while the API server hangs nothing is provisioned or ended, and a later change is one provision', async () => {
      const before = await books();
      process.kill(scene.bed.apiServerPid, 'SIGSTOP');
      try {
        await wait(2 * OUTAGE_MS);
        expect(scene.stack.ec2.counters.provisions()).toHaveLength(before.provisions);
        expect(scene.stack.ec2.counters.terminations()).toHaveLength(before.terminations);
      } finally {
        process.kill(scene.bed.apiServerPid, 'SIGCONT');
      }
      await putSecret(scene, 'ada-env', { API_KEY: 'after the outage' });
      await untilReady(scene, 'ada', before.provisions + 1);
      expect(provisionsOf(scene, 'ada')).toHaveLength(before.provisions + 1);
    });

    test('a deleted Workspace ends its instance and is gone', async () => {
      await putSecret(scene, 'bob-env', { KEY: 'a' });
      await createWorkspace(scene, 'bob');
      await untilReady(scene, 'bob', 1);
      await scene.kube.delete(WORKSPACES, 'bob', 'default');
      await untilGone(scene, 'bob');
      expect(liveInstancesOf(scene, 'bob')).toEqual([]);
      expect(terminationsOf(scene, 'bob')).toHaveLength(1);
    });

    function inNamespace(...args: string[]): string[] {
      return [...args, '-n', OPERATOR_NAMESPACE];
    }

    function scaleGateways(count: number): Promise<string> {
      const deployment = 'deployment/workspace-operator-gateway';
      return scene.kubectl.ok(...inNamespace('scale', deployment, `--replicas=${count}`));
    }

    /** What the class says of heartbeats: the reason of its condition. */
    function evidence(): Promise<string> {
      const path = 'jsonpath={.items[0].status.conditions[?(@.type=="EvidenceAvailable")].reason}';
      return scene.kubectl.ok('get', 'wksc', '-o', path);
    }

    function untilEvidence(reason: string): Promise<true> {
      return until(`the class says ${reason}`, async () => (await evidence()) === reason);
    }
  });
}
