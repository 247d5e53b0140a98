import { expect } from 'vitest';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const AUTOMATIC = { standard: { imageUpdatePolicy: 'Automatic' as const } };

async function wipe(world: World, name: string): Promise<void> {
  const target = { name, namespace: NAMESPACE, subresource: 'status' as const };
  await world.scene.kube.mergePatch(WORKSPACES, target, { status: null });
}

async function ready(world: World, name: string): Promise<string> {
  await world.putSecret(`${name}-env`, { KEY: 'a' });
  await world.createWorkspace(name);
  const { status } = await world.untilReady(name, 1);
  return status?.launch?.instanceID ?? '';
}

async function untilFound(world: World, name: string, instance: string): Promise<void> {
  await world.until(`${instance} is on record`, () => {
    const { status } = world.workspace(name);
    return status?.launch?.instanceID === instance && status.launch.found;
  });
}

story('a newer image reaches an instance that was found again, once', AUTOMATIC, async (world) => {
  const instance = await ready(world, 'ada');
  await wipe(world, 'ada');
  await untilFound(world, 'ada', instance);
  await world.untilReady('ada', 1);
  await world.pass(10 * MINUTE);
  expect(world.provisions('ada')).toHaveLength(1);
  const image = world.releaseImage();
  await world.untilReady('ada', 2);
  await world.pass(20 * MINUTE);
  expect(world.provisions('ada')).toHaveLength(2);
  expect(world.workspace('ada').status?.launch?.params?.imageID).toBe(image);
});

story('one that came while the status was lost does so too', AUTOMATIC, async (world) => {
  await ready(world, 'ada');
  await world.leader().stop();
  await wipe(world, 'ada');
  const image = world.releaseImage();
  world.startOperator();
  await world.untilReady('ada', 2);
  await world.pass(20 * MINUTE);
  expect(world.provisions('ada')).toHaveLength(2);
  expect(world.workspace('ada').status?.launch?.params?.imageID).toBe(image);
});

story('a type set while the status was lost is one provision', {}, async (world) => {
  await ready(world, 'ada');
  await world.leader().stop();
  await wipe(world, 'ada');
  await world.edit('ada', { instanceType: 'm6i.large' });
  world.startOperator();
  await world.untilReady('ada', 2);
  await world.pass(20 * MINUTE);
  expect(world.provisions('ada')).toHaveLength(2);
});

story('a group that newly matches replaces no instance that is found again with it', {}, async (world) => {
  const { account } = world.cloud;
  const [first] = account.securityGroups;
  if (!first) throw new Error('the account has no group');
  await ready(world, 'before');
  account.securityGroups.push({ ...first, id: 'sg-03333333333333333', name: 'new' });
  await world.pass(10 * MINUTE);
  await ready(world, 'after');
  await world.pass(5 * MINUTE);
  for (const name of ['before', 'after']) await wipe(world, name);
  await world.untilReady('before', 1);
  await world.untilReady('after', 1);
  await world.pass(20 * MINUTE);
  expect(world.provisions()).toHaveLength(2);
});
