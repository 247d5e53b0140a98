import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/controller/client.ts';
import { EVENTS } from '../../src/controller/eventBody.ts';
import type { Operator } from '../../src/operator.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/deps.ts';
import {
  conditionOf,
  createWorkspace,
  liveInstancesOf,
  NAMESPACE,
  patchWorkspace,
  provisionsOf,
  until,
  untilGone,
  untilWorkspace,
} from '../scenarios/harness.ts';
import { tellIncident } from '../scenarios/incidentStory.ts';
import { allows, auditedRequests, grantsIn } from './grants.ts';
import { type ClusterScene, createClusterScene, RBAC, SERVICE_ACCOUNT } from './scene.ts';

interface RecordedEvent extends KubeObject {
  series?: { count: number; lastObservedTime: string };
}

describe('the operator on kube-apiserver, with the rights of deploy/rbac.yaml', () => {
  let scene: ClusterScene;
  let operator: Operator;
  beforeAll(async () => {
    scene = await createClusterScene();
    operator = await scene.start();
  });
  afterAll(() => scene.close());

  test('the incident: one change is one provision', () => tellIncident(scene, operator));

  test('kubectl shows what became of it', async () => {
    const table = await scene.kubectl.ok('get', 'wks', '-n', NAMESPACE);
    expect(table).toMatch(/^NAME +.*\n *ada /);
    const events = await scene.kubectl.ok('describe', 'workspace', 'ada', '-n', NAMESPACE);
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

  test('what was granted is what was used: nothing refused, nothing idle', async () => {
    await operator.stop();
    const used = (await auditedRequests(scene.auditLog)).filter(({ user }) =>
      user.endsWith(`:${SERVICE_ACCOUNT}`),
    );
    expect(used.length).toBeGreaterThan(50);
    expect(used.filter(({ code }) => code === 401 || code === 403)).toEqual([]);
    const grants = await grantsIn(RBAC);
    expect(grants.length).toBeGreaterThan(10);
    expect(grants.filter((grant) => !used.some((request) => allows(grant, request)))).toEqual([]);
  });
});
