import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metaOf, objectAt, objectsAt, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import {
  createWorkspace,
  getWorkspace,
  patchWorkspace,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { type Applier, type Configuration, openApplier } from '../steps/applier.ts';

/** Rounds of a tool that comes by each minute; here each comes as soon as the operator has looked at the cloud again. */
const ROUNDS = 6;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.concurrent('tools that write what the operator reads', () => {
  let scene: Scene;
  const appliers: Applier[] = [];
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    await scene.kube.create(CLASSES, classManifest('slow', { rollout: { debounceSeconds: 300 } }));
    await scene.kube.create(CLASSES, classManifest('closed', { rollout: { minIntervalSeconds: 86_400 } }));
  });
  afterAll(async () => {
    for (const applier of appliers) await applier.close();
    await scene.close();
  });

  function opened(fieldManager: string): Applier {
    const applier = openApplier(scene, fieldManager);
    appliers.push(applier);
    return applier;
  }

  function wanted(name: string, spec: JsonObject = {}, metadata: JsonObject = {}): Configuration {
    return { kind: 'Workspace', name, metadata, rest: { spec: { className: 'standard', ...spec } } };
  }

  async function generationOf(name: string): Promise<number> {
    return (await getWorkspace(scene, name)).status?.desired?.generation ?? 0;
  }

  test.each([
    ['updates', 'eso-put'],
    ['applies', 'eso-apply'],
  ])(
    'External Secrets %s a Secret every minute with the same content: no provision; with another, one',
    async (how, name) => {
      const eso = opened('external-secrets');
      const secret = `${name}-env`;
      const round = async (at: number, value: string): Promise<JsonObject> => {
        const annotations = { 'reconcile.external-secrets.io/refreshed': String(at) };
        const data = { KEY: base64(value) };
        const configuration: Configuration = {
          kind: 'Secret',
          name: secret,
          metadata: { annotations },
          rest: { data },
        };
        if (how === 'applies') return eso.apply(configuration, { force: true });
        const object = await eso.read(configuration);
        return eso.put(configuration, { ...object, data, metadata: { ...metaOf(object), annotations } });
      };
      await putSecret(scene, secret, { KEY: 'a' });
      await createWorkspace(scene, name);
      await untilReady(scene, name, 1);
      const versions = new Set<string>();
      for (let at = 0; at < ROUNDS; at += 1) {
        versions.add(stringAt(metaOf(await round(at, 'a')), 'resourceVersion'));
        await sweeps(scene, 1);
      }
      expect(versions.size).toBe(ROUNDS);
      await sweeps(scene, 5);
      expect(provisionsOf(scene, name)).toHaveLength(1);
      await round(ROUNDS, 'b');
      await untilReady(scene, name, 2);
      await round(ROUNDS + 1, 'b');
      await sweeps(scene, 5);
      expect(provisionsOf(scene, name)).toHaveLength(2);
    },
  );

  test('Argo CD applies and heals a Workspace without a conflict or a difference: the operator owns nothing of its spec', async () => {
    const argo = opened('argocd-controller');
    await putSecret(scene, 'argo-env', { KEY: 'a' });
    const git = wanted(
      'argo',
      { envFrom: [{ secretRef: { name: 'argo-env' } }], env: [{ name: 'EDITOR', value: 'vi' }] },
      { labels: { team: 'engine' } },
    );
    await argo.apply(git);
    await untilReady(scene, 'argo', 1);
    const live = await argo.read(git);
    const owners = objectsAt(metaOf(live), 'managedFields');
    const ofSpec = owners.filter((owner) => 'f:spec' in objectAt(owner, 'fieldsV1'));
    expect(ofSpec.map(({ manager, operation }) => [manager, operation])).toEqual([
      ['argocd-controller', 'Apply'],
    ]);
    const ofStatus = owners.filter((owner) => 'f:status' in objectAt(owner, 'fieldsV1'));
    expect(ofStatus.map(({ subresource }) => subresource)).toEqual(['status']);
    for (let at = 0; at < ROUNDS; at += 1) {
      // What Argo CD compares: the live object with what an apply would make of it.
      const { spec, metadata } = await argo.apply(git, { dryRun: true });
      const { generation, labels, finalizers } = metadata as JsonObject;
      const now = await argo.read(git);
      expect({ spec, generation, labels, finalizers }).toEqual({
        spec: now.spec,
        generation: 1,
        labels: metaOf(now).labels,
        finalizers: metaOf(now).finalizers,
      });
      // Self-heal applies again over what the operator wrote meanwhile; unforced, so that a conflict would show.
      const healed = await argo.apply(git);
      expect([healed.spec, metaOf(healed).generation]).toEqual([live.spec, 1]);
      await sweeps(scene, 1);
    }
    expect(provisionsOf(scene, 'argo')).toHaveLength(1);
    await argo.apply(wanted('argo', { envFrom: [{ secretRef: { name: 'argo-env' } }] }));
    const changed = await untilReady(scene, 'argo', 2);
    expect([changed.spec.env, changed.metadata.labels]).toEqual([[], undefined]);
    expect(provisionsOf(scene, 'argo')).toHaveLength(2);
  });

  test('an edit that Flux reverts within the debounce is no change', async () => {
    const flux = opened('kustomize-controller');
    const git = wanted('flux-soon', { className: 'slow', env: [{ name: 'EDITOR', value: 'vi' }] });
    await flux.apply(git);
    await untilReady(scene, 'flux-soon', 1);
    const before = await generationOf('flux-soon');
    await patchWorkspace(scene, 'flux-soon', { spec: { env: [{ name: 'EDITOR', value: 'ed' }] } });
    await sweeps(scene, 1);
    const reverted = await flux.apply(git, { force: true });
    expect(objectsAt(objectAt(reverted, 'spec'), 'env')).toEqual([{ name: 'EDITOR', value: 'vi' }]);
    await untilReady(scene, 'flux-soon', 1);
    await sweeps(scene, 5);
    expect([await generationOf('flux-soon'), provisionsOf(scene, 'flux-soon').length]).toEqual([before, 1]);
  });

  test('an edit that Flux reverts later makes two generations and no more, and is no reason to replace what is current again', async () => {
    const flux = opened('kustomize-controller');
    const git = wanted('flux-late', { className: 'closed', env: [{ name: 'EDITOR', value: 'vi' }] });
    await flux.apply(git);
    await untilReady(scene, 'flux-late', 1);
    const before = await generationOf('flux-late');
    await patchWorkspace(scene, 'flux-late', { spec: { env: [{ name: 'EDITOR', value: 'ed' }] } });
    await untilWorkspace(
      scene,
      'flux-late',
      'the edit counts',
      (workspace) => workspace.status?.desired?.generation === before + 1,
    );
    await flux.apply(git, { force: true });
    await untilWorkspace(
      scene,
      'flux-late',
      'the revert counts',
      (workspace) => workspace.status?.desired?.generation === before + 2,
    );
    for (let at = 0; at < ROUNDS; at += 1) {
      await flux.apply(git, { force: true });
      await sweeps(scene, 1);
    }
    await untilReady(scene, 'flux-late', 1);
    expect([await generationOf('flux-late'), provisionsOf(scene, 'flux-late').length]).toEqual([
      before + 2,
      1,
    ]);
  });
});
