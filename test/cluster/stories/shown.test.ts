import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { KubeObject } from '../../../src/controller/client/client.ts';
import { EVENTS } from '../../../src/controller/events/eventBody.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { createKubectl, type Kubectl } from '../../kubectl/kubectl.ts';
import { liveInstancesOf, provisionsOf } from '../../scenarios/scene/counts.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import { createScene, type Scene } from '../../scenarios/scene/scene.ts';
import { until } from '../../scenarios/scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  patchWorkspace,
  putSecret,
  untilGone,
  untilReady,
  untilWorkspace,
} from '../../scenarios/scene/workspaces.ts';
import { realCluster } from '../real/ownCluster.ts';

interface RecordedEvent extends KubeObject {
  series?: { count: number; lastObservedTime: string };
}

/** As cli-utils' kstatus, and with it Argo CD and Flux, judge an object by its conditions. */
function kstatusOf(workspace: Workspace): 'Current' | 'InProgress' | 'Failed' {
  const says = (type: string, status: string) => conditionOf(workspace, type)?.status === status;
  if (says('Stalled', 'True')) return 'Failed';
  const seen = workspace.status?.observedGeneration === workspace.metadata.generation;
  if (!seen || says('Reconciling', 'True') || !says('Ready', 'True')) return 'InProgress';
  return 'Current';
}

describe('what kube-apiserver shows of a Workspace', () => {
  let scene: Scene;
  let kubectl: Kubectl;
  beforeAll(async () => {
    const access = realCluster();
    scene = await createScene();
    kubectl = await createKubectl(access.kubectl, scene.adminKubeconfig);
    await scene.start();
    await putSecret(scene, 'ada-env', { KEY: 'a' });
    await createWorkspace(scene, 'ada');
    await untilReady(scene, 'ada', 1);
  });
  afterAll(async () => {
    await kubectl.close();
    await scene.close();
  });

  test('wait and kstatus go by it: nothing says that a request was carried out before it was', async () => {
    await kubectl.ok('wait', '--for=condition=Ready', 'wks/ada', '-n', NAMESPACE, '--timeout=60s');
    await patchWorkspace(scene, 'ada', { spec: { requests: { restart: 'please' } } });
    const current = await until('ada is Current once more', async () => {
      const workspace = await getWorkspace(scene, 'ada');
      return kstatusOf(workspace) === 'Current' && workspace;
    });
    expect(current.status?.launch).toMatchObject({ number: 2, cause: { kind: 'Restart', ref: 'please' } });
    await kubectl.ok('wait', '--for=condition=Ready', 'wks/ada', '-n', NAMESPACE, '--timeout=60s');
  });

  test('kubectl shows what became of it', async () => {
    const table = await kubectl.ok('get', 'wks', '-n', NAMESPACE);
    expect(table).toMatch(/^NAME +READY +REASON +STATE +INSTANCE +TYPE +PROVISIONS +CAUSE +AGE *\n/);
    expect(table).toMatch(/\nada +True +Ready +running +i-\w+ +m7i.large +2 +Restart +\d+\w+ *\n/);
    const events = await kubectl.ok('describe', 'workspace', 'ada', '-n', NAMESPACE);
    expect(events).toContain('Launching');
  });

  test('the same trouble twice is one event, which counts', async () => {
    await createWorkspace(scene, 'bob');
    for (const [className, reason] of [
      ['standard', 'SecretMissing'],
      ['nowhere', 'ClassNotFound'],
      ['standard', 'SecretMissing'],
      ['nowhere', 'ClassNotFound'],
    ]) {
      await patchWorkspace(scene, 'bob', { spec: { className } });
      await untilWorkspace(scene, 'bob', `${reason}`, (workspace) => {
        return conditionOf(workspace, 'Ready')?.reason === reason;
      });
    }
    const series = await until('the event counts two', async () => {
      const fieldSelector = 'regarding.name=bob,reason=ClassNotFound';
      const { items } = await scene.kube.list<RecordedEvent>(EVENTS, { namespace: NAMESPACE, fieldSelector });
      return items[0]?.series && items.map((event) => event.series);
    });
    expect(series).toEqual([{ count: 2, lastObservedTime: expect.any(String) }]);
  });

  test('a deletion ends an instance before the Workspace goes', async () => {
    for (const name of ['ada', 'bob']) {
      await scene.kube.delete(WORKSPACES, name, NAMESPACE);
      await untilGone(scene, name);
    }
    expect(liveInstancesOf(scene, 'ada')).toEqual([]);
    expect(provisionsOf(scene, 'bob')).toEqual([]);
  });
});
