import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import { WORKSPACES } from '../../../../src/reconcilers/workspace/context/deps.ts';
import { sweeps } from '../../../scenarios/scene/counts.ts';
import { NAMESPACE } from '../../../scenarios/scene/objects.ts';
import { createWorkspace, putSecret, untilReady } from '../../../scenarios/scene/workspaces.ts';
import { CHART } from '../../chart.ts';
import { RELEASE } from '../helm.ts';
import type { NodeScene } from '../scene.ts';
import { watchGateway } from '../watchers/gateway.ts';
import { watched } from '../watchers/watch.ts';
import { judgeFrom } from './running.ts';

const COUNT = 20;
const LONGEST_WITHOUT_GATEWAY_MS = 5_000;

/** A chart of a later release: its Workspaces have one field more. */
async function laterChart(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'later-chart-'));
  // Its definitions are a link to crds/.
  await cp(CHART, folder, { recursive: true, dereference: true });
  const file = join(folder, 'files', 'crds', 'workspaces.compute.molecule.ai.yaml');
  const definition = parse(await readFile(file, 'utf8'));
  const { properties } = definition.spec.versions[0].schema.openAPIV3Schema.properties.spec;
  properties.later = { type: 'string', description: 'A field of a later release.' };
  await writeFile(file, stringify(definition));
  return folder;
}

export function upgrades(sceneOf: () => NodeScene): void {
  describe(`an upgrade under ${COUNT} Workspaces`, () => {
    const names = Array.from({ length: COUNT }, (_, index) => `ws-${index}`);
    let scene: NodeScene;
    let chart: string;
    let expectNothingDone: () => void;
    beforeAll(async () => {
      chart = await laterChart();
      scene = sceneOf();
      await putSecret(scene, 'shared-env', { KEY: 'a' });
      const envFrom = [{ secretRef: { name: 'shared-env' } }];
      await Promise.all(names.map((name) => createWorkspace(scene, name, { envFrom })));
      await Promise.all(names.map((name) => untilReady(scene, name, 1)));
      expectNothingDone = judgeFrom(scene);
    });
    afterAll(async () => {
      await scene?.kubectl.ok('delete', 'wks', ...names, '-n', NAMESPACE);
      await rm(chart, { recursive: true, force: true });
    });

    /** Nothing is provisioned or ended, and instances find a gateway all the time. */
    async function unnoticed(change: () => Promise<unknown>): Promise<void> {
      const { gateway } = await watched({ gateway: watchGateway(scene) }, async () => {
        await change();
        await sweeps(scene, 6);
      });
      console.log(`longest time without a gateway: ${Math.round(gateway)} ms`);
      expect(gateway).toBeLessThan(LONGEST_WITHOUT_GATEWAY_MS);
      expectNothingDone();
      await Promise.all(names.map((name) => untilReady(scene, name, 1)));
    }
    const later = () => ({ ...scene.values, podAnnotations: { release: 'later' } });

    test('replaces every pod, and serves the new field of the definition', async () => {
      await unnoticed(() => scene.helm.apply('upgrade', later(), { chart }));
      await scene.kube.mergePatch(
        WORKSPACES,
        { name: 'ws-0', namespace: 'default' },
        { spec: { later: 'yes' } },
      );
      expect(await scene.kube.get(WORKSPACES, 'ws-0', 'default')).toMatchObject({ spec: { later: 'yes' } });
    });

    test('is rolled back as quietly', () =>
      unnoticed(() => scene.helm.run('rollback', RELEASE, '--wait', '--timeout', '300s')));

    test('after a scale by hand is refused by Helm 4, changes nothing, and goes through with a flag', async () => {
      const target = ['deployment/workspace-operator-controller', 'deployment/workspace-operator-gateway'];
      await scene.kubectl.ok('scale', ...target, '-n', OPERATOR_NAMESPACE, '--replicas=3');
      await unnoticed(async () => {
        await expect(scene.helm.apply('upgrade', later())).rejects.toThrow(
          /conflict with [^:]*kubectl[^:]*: \.spec\.replicas/,
        );
        await scene.helm.apply('upgrade', later(), { args: ['--force-conflicts'] });
      });
    });
  });
}
