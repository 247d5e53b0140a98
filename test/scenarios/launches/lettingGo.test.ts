import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TAG } from '../../../src/api/launch/tags.ts';
import type { Resource } from '../../../src/controller/client/client.ts';
import { isNotFound } from '../../../src/controller/client/errors.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, terminationsOf } from '../scene/counts.ts';
import { NAMESPACE, SECRETS } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { createWorkspace, getWorkspace, putSecret, untilReady, untilWorkspace } from '../scene/workspaces.ts';
import { abandon } from '../steps/abandon.ts';
import { eventsOf } from '../steps/events.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

describe('letting go', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
    await scene.start();
  });
  afterAll(() => scene.close());

  test('a namespace is deleted with five Workspaces at all stages: it goes, and leaves no instance', async () => {
    const namespace = 'team';
    await scene.kube.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    const secret = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      data: {},
    });
    await scene.kube.create(SECRETS, secret('team-env'), namespace);
    const names = ['ready-a', 'ready-b', 'booting', 'stopped', 'waiting'];
    const specs: Record<string, object> = {
      stopped: { operatingMode: 'Stopped' },
      waiting: { envFrom: [{ secretRef: { name: 'absent' } }] },
    };
    scene.stack.agents.hold('team/booting', true);
    for (const name of names) {
      const spec = { className: 'standard', envFrom: [{ secretRef: { name: 'team-env' } }], ...specs[name] };
      const body = {
        apiVersion: 'compute.molecule.ai/v1alpha1',
        kind: 'Workspace',
        metadata: { name, namespace },
        spec,
      };
      await scene.kube.create(WORKSPACES, body, namespace);
    }
    const mine = () =>
      scene.stack.ec2.counters.provisions().filter(({ tags }) => tags[TAG.namespace] === namespace);
    const said = (name: string) =>
      scene.kube.get(WORKSPACES, name, namespace).then((it) => JSON.stringify(it));
    await until('two are Ready, one boots and one waits', async () => {
      const [a = '', b = '', waits = ''] = await Promise.all(['ready-a', 'ready-b', 'waiting'].map(said));
      return (
        [a, b].every((it) => it.includes('"reason":"UpToDate"')) &&
        waits.includes('SecretMissing') &&
        mine().length === 3
      );
    });
    await scene.kube.delete(NAMESPACES, namespace);
    await until('the namespace is gone', () =>
      scene.kube.get(NAMESPACES, namespace).then(
        () => false,
        (error: unknown) => isNotFound(error),
      ),
    );
    for (const name of names) expect(liveInstancesOf(scene, name)).toEqual([]);
    expect(mine()).toHaveLength(3);
    expect(scene.logs.filter(({ level, event }) => level === 'error' && event === undefined)).toEqual([]);
  });

  test('the account is lost for good: the annotation lets the object go, says so, and touches nothing', async () => {
    await putSecret(scene, 'lost-env', { KEY: 'a' });
    await createWorkspace(scene, 'lost');
    const { status } = await untilReady(scene, 'lost', 1);
    const gone = {
      kind: 'error' as const,
      code: 'AuthFailure',
      message: 'AWS was not able to validate the credentials',
    };
    const rule = scene.stack.ec2.faults.add({ action: '*', fault: gone, times: Number.POSITIVE_INFINITY });
    const asked = () => scene.stack.ec2.counters.count('TerminateInstances');
    await scene.kube.delete(WORKSPACES, 'lost', NAMESPACE);
    await untilWorkspace(scene, 'lost', 'its end is on record', (it) => it.status?.terminating !== undefined);
    await until('EC2 refused twice', () => asked() >= 2);
    expect((await getWorkspace(scene, 'lost')).metadata.finalizers).toHaveLength(1);
    await abandon(scene, 'lost');
    const event = await until('an event says so', async () =>
      (await eventsOf(scene, 'lost')).find(({ note }) => note.includes('without proof')),
    );
    expect(event).toMatchObject({ type: 'Warning', reason: 'TerminationBlocked' });
    scene.stack.ec2.faults.remove(rule);
    expect(liveInstancesOf(scene, 'lost')).toEqual([status?.launch?.instanceID]);
    expect(terminationsOf(scene, 'lost')).toEqual([]);
    expect(provisionsOf(scene, 'lost')).toHaveLength(1);
  });
});
