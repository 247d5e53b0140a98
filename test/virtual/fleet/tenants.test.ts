import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const ONE_DOWN = { standard: { rollout: { maxUnavailable: '1', minIntervalSeconds: 10 } } };

/** Four, each with a Secret of its own beside the shared one, and a class edit; the first does not boot. @returns its name */
async function holdFirst(world: World): Promise<string> {
  for (let index = 0; index < 4; index += 1) await world.putSecret(`ws-${index}-own`, { OWN: `${index}` });
  await world.createFleet(4, (name) => world.from('shared-env', `${name}-own`));
  world.hold('*', true);
  await world.editClass('standard', { rootVolume: { sizeGiB: 40 } });
  const [first = ''] = await world.until('one is down', () => world.down().length > 0 && world.down());
  await world.pass(2 * MINUTE);
  const waiting = world.workspaces().filter(({ metadata }) => metadata.name !== first);
  for (const { metadata } of waiting)
    expect(world.condition(metadata.name, 'UpToDate')).toMatchObject({
      reason: 'RolloutVerifying',
      message: expect.stringContaining(`default/${first}`),
    });
  world.hold('*', false);
  world.hold(first, true);
  return first;
}

async function untilOthersFollow(world: World, first: string): Promise<void> {
  const others = world
    .workspaces()
    .flatMap(({ metadata }) => (metadata.name === first ? [] : [metadata.name]));
  for (const name of others) await world.untilReady(name, 2);
}

describe('no tenant holds a roll-out up: another is the first when the first', () => {
  story('is stopped', ONE_DOWN, async (world) => {
    const first = await holdFirst(world);
    await world.edit(first, { operatingMode: 'Stopped' });
    await untilOthersFollow(world, first);
    world.hold(first, false);
    await world.edit(first, { operatingMode: 'Running' });
    await world.untilAllReady();
  });

  story('is paused', ONE_DOWN, async (world) => {
    const first = await holdFirst(world);
    await world.edit(first, { paused: true });
    await untilOthersFollow(world, first);
    world.hold(first, false);
    await world.edit(first, { paused: false });
    await world.untilAllReady();
  });

  story('is deleted', ONE_DOWN, async (world) => {
    const first = await holdFirst(world);
    await world.remove(first);
    await untilOthersFollow(world, first);
  });

  story('loses its Secret', ONE_DOWN, async (world) => {
    const first = await holdFirst(world);
    await world.deleteSecret(`${first}-own`);
    await untilOthersFollow(world, first);
    expect(world.classCondition('standard', 'RolloutComplete')?.reason).not.toBe('RolloutHalted');
    world.hold(first, false);
    await world.putSecret(`${first}-own`, { OWN: 'again' });
    await world.untilAllReady();
  });
});

describe('no tenant keeps the first from ever failing', () => {
  story('who asks for a restart every 20 s', ONE_DOWN, async (world) => {
    const first = await holdFirst(world);
    const halted = () => world.klass('standard').status?.halted?.[0];
    for (let asked = 0; asked < 300 && !halted(); asked += 1) {
      await world.edit(first, { requests: { restart: `${asked}` } });
      await world.pass(20 * SECOND);
    }
    expect(halted()).toMatchObject({ content: expect.stringMatching(/^class:/), by: `default/${first}` });
    expect(world.down()).toEqual([first]);
  });
});

describe('no tenant’s broken Secret stops a class edit', () => {
  story('the first was down for its own before the class changed', ONE_DOWN, async (world) => {
    const names = await world.createFleet(3);
    await world.createNamespace('other');
    await world.putSecret('other/broken-env', { KEY: 'a' });
    await world.createWorkspace('other/broken');
    await world.untilAllReady(1);
    world.hold('other/broken', true);
    await world.putSecret('other/broken-env', { KEY: 'b' });
    const failed = () => world.workspace('other/broken').status?.replacement?.failures?.length ?? 0;
    await world.until('it failed twice', () => failed() >= 2, 90 * MINUTE);
    await world.editClass('standard', { rootVolume: { sizeGiB: 40 } });
    for (const name of names) await world.untilReady(name, 2);
    await world.pass(90 * MINUTE);
    expect(failed()).toBeGreaterThanOrEqual(4);
    expect(world.klass('standard').status?.halted ?? []).toEqual([]);
    world.hold('other/broken', false);
    await world.untilAllReady();
  });
});

const ONE_INSTANCE = { standard: { maxInstances: 1 } };

describe('no tenant keeps room empty', () => {
  const forbidden = { kind: 'error', status: 403, reason: 'Forbidden' } as const;

  story(
    'an older Workspace whose Secret can’t be read says so, and a younger one has the room',
    ONE_INSTANCE,
    async (world) => {
      world.apiServer({
        match: { verbs: ['get'], resources: ['secrets'], names: ['older-env'] },
        effect: forbidden,
      });
      await world.putSecret('older-env', { KEY: 'a' });
      await world.putSecret('younger-env', { KEY: 'a' });
      await world.createWorkspace('older');
      await world.pass(MINUTE);
      expect(world.condition('older', 'Ready')).toMatchObject({
        status: 'False',
        reason: 'SecretsUnread',
        message: expect.stringContaining('"default"'),
      });
      await world.createWorkspace('younger');
      await world.untilReady('younger');
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(1);
    },
  );

  story('one whose finalizer the API server refuses leaves its room as well', ONE_INSTANCE, async (world) => {
    const match = { verbs: ['patch'], resources: ['workspaces'], subresources: [''], names: ['older'] };
    world.apiServer({ match, effect: forbidden });
    for (const name of ['older', 'younger']) await world.putSecret(`${name}-env`, { KEY: 'a' });
    await world.createWorkspace('older');
    await world.pass(MINUTE);
    await world.createWorkspace('younger');
    await world.untilReady('younger');
    const before = world.changesAsked();
    await world.pass(10 * MINUTE);
    const asked = Object.values(world.changesAsked()).reduce((sum, count) => sum + count, 0);
    expect(asked - Object.values(before).reduce((sum, count) => sum + count, 0)).toBeLessThan(30);
    expect(world.provisions()).toHaveLength(1);
  });
});
