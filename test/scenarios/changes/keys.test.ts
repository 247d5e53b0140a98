import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestKeyID } from '../../../src/api/environment/environment.ts';
import type { KubeObject } from '../../../src/controller/client/client.ts';
import type { Operator } from '../../../src/operator/operator.ts';
import { ROTATE_KEYS } from '../../../src/reconcilers/keys/keep.ts';
import { liveInstancesOf, metric, provisionsOf, sweeps } from '../scene/counts.ts';
import { CLASSES, classManifest, SECRETS } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import {
  conditionOf,
  createWorkspace,
  getWorkspace,
  isReady,
  putSecret,
  untilReady,
  untilWorkspace,
} from '../scene/workspaces.ts';
import { eventsOf } from '../steps/events.ts';

const KEYS = { namespace: 'workspace-system', name: 'workspace-operator-keys' };
/** Each is heard every second; silence, which is for other scenarios, counts for longer than this one takes. */
const QUICK = { heartbeat: { periodSeconds: 1, timeoutSeconds: 600 } };

let scene: Scene;
let operator: Operator;
beforeAll(async () => {
  scene = await createScene();
  operator = await scene.start();
  await scene.kube.create(CLASSES, classManifest('quick', QUICK));
  for (const name of ['old', 'rest']) await launch(name);
});
afterAll(() => scene.close());

async function launch(name: string) {
  await putSecret(scene, `${name}-env`, { KEY: 'a' });
  await createWorkspace(scene, name, { className: 'quick' });
  return untilReady(scene, name, 1);
}

async function readKeys(where = KEYS): Promise<Record<string, string>> {
  const secret: KubeObject & { data?: Record<string, string> } = await scene.kube.get(
    SECRETS,
    where.name,
    where.namespace,
  );
  return secret.data ?? {};
}

async function keyOf(name: string): Promise<string> {
  return digestKeyID((await getWorkspace(scene, name)).status?.desired?.env ?? '');
}

const heartbeats = (status: string) =>
  metric(
    operator,
    `gateway_request_duration_seconds_count{method="POST",route="/v1/heartbeat",status="${status}"}`,
  );

/** Agents that got their credentials before go on being heard. */
async function untilHeard(): Promise<void> {
  const before = await heartbeats('200');
  await until('heartbeats go on', async () => (await heartbeats('200')) > before + 4);
}

test('a new key is current without a restart, rolls nothing, and hides nothing', async () => {
  const [before, oldKey] = [await readKeys(), await keyOf('old')];
  await scene.kube.mergePatch(SECRETS, KEYS, { metadata: { annotations: { [ROTATE_KEYS]: 'spring' } } });
  const after = await until('there are new keys', async () => {
    const keys = await readKeys();
    return Object.keys(keys).filter((name) => name.includes('.k2x')).length === 3 && keys;
  });
  expect(after).toMatchObject(before);
  await launch('new');
  expect(await keyOf('new')).not.toBe(oldKey);
  expect(Object.keys(before)).not.toContain(`digest.${await keyOf('new')}`);
  await untilHeard();
  await sweeps(scene, 6);
  expect(await keyOf('old')).toBe(oldKey);
  expect(scene.stack.ec2.counters.provisions()).toHaveLength(3);

  await putSecret(scene, 'old-env', { KEY: 'b' });
  const changed = await untilReady(scene, 'old', 2);
  expect(changed.status?.desired?.changed).toEqual(['old-env/KEY']);
  expect(await keyOf('old')).toBe(await keyOf('new'));
  expect(provisionsOf(scene, 'old')).toHaveLength(2);
  expect(await heartbeats('401')).toBe(0);
});

test('the keys of launches are in a Secret of their own, and have a rotation of their own', async () => {
  const where = { ...KEYS, name: 'workspace-operator-launch-keys' };
  const read = async () => Object.keys((await readKeys(where)) ?? {});
  const [before, others] = [await read(), await readKeys()];
  expect(before).toEqual([expect.stringMatching(/^launch[.]k1x/)]);
  await scene.kube.mergePatch(SECRETS, where, { metadata: { annotations: { [ROTATE_KEYS]: 'spring' } } });
  await until('there is a new key beside the old one', async () => (await read()).length === 2);
  expect(await read()).toEqual(expect.arrayContaining(before));
  expect(await readKeys()).toEqual(others);
});

test('deleted while the operator runs, the Secret is put back as it was', async () => {
  const before = await readKeys();
  await scene.kube.delete(SECRETS, KEYS.name, KEYS.namespace);
  await until('it is back', () =>
    readKeys().then(
      (keys) => Object.keys(keys).length === Object.keys(before).length,
      () => false,
    ),
  );
  expect(await readKeys()).toEqual(before);
  await untilHeard();
  await sweeps(scene, 6);
  expect(scene.stack.ec2.counters.provisions()).toHaveLength(4);
});

test('deleted while it is down, the keys are made again: nothing is replaced for it, it is said, and a backup fixes it', async () => {
  const [backup, lost] = [await readKeys(), await keyOf('rest')];
  const provisions = scene.stack.ec2.counters.provisions().length;
  await operator.stop();
  await scene.kube.delete(SECRETS, KEYS.name, KEYS.namespace);
  operator = await scene.start();
  const workspace = await untilWorkspace(scene, 'rest', 'it is said', (it) => {
    return conditionOf(it, 'SecretsSynced')?.reason === 'KeyLost';
  });
  expect(workspace.status?.desired?.env).not.toContain(lost);
  expect(isReady(workspace)).toBe(true);
  await until('an event says so', async () =>
    (await eventsOf(scene, 'rest')).some(({ reason, note }) => reason === 'KeyLost' && note.includes(lost)),
  );
  const made = await readKeys();
  for (const name of Object.keys(made)) expect(Object.keys(backup)).not.toContain(name);
  await until('what was given out before is not understood', async () => (await heartbeats('503')) > 0);
  await sweeps(scene, 10);
  expect(scene.stack.ec2.counters.provisions()).toHaveLength(provisions);

  await scene.kube.mergePatch(SECRETS, KEYS, { data: backup });
  await untilHeard();
  await putSecret(scene, 'rest-env', { KEY: 'b' });
  await untilReady(scene, 'rest', 2);
  await sweeps(scene, 6);
  expect(provisionsOf(scene, 'rest')).toHaveLength(2);
  for (const name of ['old', 'new', 'rest']) expect(liveInstancesOf(scene, name)).toHaveLength(1);
  expect(scene.stack.ec2.counters.provisions()).toHaveLength(provisions + 1);
});
