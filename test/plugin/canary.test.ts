import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { Interrupted } from '../../src/plugin/base/interruption.ts';
import { createKubectl } from '../../src/plugin/base/kubectl.ts';
import { runCanary } from '../../src/plugin/canary/runCanary.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/context/deps.ts';
import { usable } from '../kubectl/kubectl.ts';
import { provisionsOf } from '../scenarios/scene/counts.ts';
import { CLASSES, classManifest, NAMESPACE } from '../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../scenarios/scene/scene.ts';
import { until } from '../scenarios/scene/until.ts';

const kubectls = await usable(['kubectl']);

describe.each(kubectls)('kubectl $version workspace canary', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
    await scene.kube.create(CLASSES, classManifest('quick', { rollout: { minIntervalSeconds: 0 } }));
  });
  afterAll(() => scene?.close());

  function run(name: string, told: string[], signal = new AbortController().signal, onTell = () => {}) {
    return runCanary({
      kubectl: createKubectl([`--kubeconfig=${scene.stack.kubeconfigPath}`, `--namespace=${NAMESPACE}`]),
      clock: systemClock,
      name,
      className: 'quick',
      limitMs: 240_000,
      watchMs: 2_000,
      signal,
      flags: '',
      tell: (text) => {
        told.push(text);
        onTell();
      },
    });
  }

  const exists = async (name: string) =>
    (await scene.kube.list(WORKSPACES)).items.some(({ metadata }) => metadata.name === name);

  test('one change of a Workspace of the class is one provision, and nothing of it stays', async () => {
    const told: string[] = [];
    const view = await run('canary-1', told);
    expect(view.faults, told.join('\n')).toEqual([]);
    expect(view).toMatchObject({ good: true, provisions: 1, namespace: NAMESPACE });
    expect(view.ledger.map(({ cause }) => cause.split(' ')[0])).toEqual(['Created', 'EnvChanged']);
    expect(Object.keys(view.seconds)).toEqual(['ready', 'changed', 'gone']);
    expect(await exists('canary-1')).toBe(false);
    expect(provisionsOf(scene, 'canary-1')).toHaveLength(2);
  });

  test('one that is interrupted leaves nothing behind', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const onTell = () => {
      if (told.at(-1)?.includes('provision 1')) stop.abort(new Interrupted('SIGINT'));
    };
    await expect(run('canary-2', told, stop.signal, onTell)).rejects.toThrow(Interrupted);
    await until('it is gone', async () => !(await exists('canary-2')));
  });
});
