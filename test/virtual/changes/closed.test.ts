import { expect, test } from 'vitest';
import { createClass, made, STANDARD } from '../driver/classes.ts';
import { play, story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const CLOSED = { standard: { ...STANDARD.standard, stopBehavior: 'Terminate' as const } };

async function close(world: World): Promise<void> {
  await world.edit('ws-0', { operatingMode: 'Stopped' });
  await world.until('its launch is closed', () => world.workspace('ws-0').status?.launch?.phase === 'Closed');
  await world.until('its instance is gone', () => world.live('ws-0').length === 0);
}

test.each([
  ['the class', (world: World, to: string) => world.editClass('standard', { instanceProfile: to })],
  ['spec.className', (world: World, to: string) => world.edit('ws-0', { className: to })],
])(
  'an edit of %s while a launch is closed is on record with the next launch, so that taking it back is a change',
  (_what, edit) =>
    play(CLOSED, async (world) => {
      await createClass(world, 'other');
      await world.createFleet(1);
      await close(world);
      await edit(world, 'other');
      await world.pass(MINUTE);
      await world.edit('ws-0', { operatingMode: 'Running' });
      await world.untilReady('ws-0');
      await world.until('it has what the edit asks for', () => made(world, 'other').length === 1);
      expect(world.provisions()).toHaveLength(2);
      await edit(world, 'standard');
      await world.until('it has what it had before', () => made(world, 'standard').length === 1);
      await world.untilReady('ws-0');
      expect(world.provisions()).toHaveLength(3);
      expect(made(world, 'other')).toEqual([]);
    }),
);

story('an edit that is taken back while a launch is closed costs nothing', CLOSED, async (world) => {
  await createClass(world, 'other');
  await world.createFleet(1);
  await close(world);
  await world.editClass('standard', { instanceProfile: 'other' });
  await world.pass(MINUTE);
  await world.editClass('standard', { instanceProfile: 'standard' });
  await world.edit('ws-0', { operatingMode: 'Running' });
  await world.untilReady('ws-0');
  await world.pass(5 * MINUTE);
  expect(world.provisions()).toHaveLength(2);
  expect(world.workspace('ws-0').status?.desired?.generation).toBe(1);
});

story(
  'a Workspace that waited for room is launched with the class as it is then, and follows when it is edited back',
  STANDARD,
  async (world) => {
    await createClass(world, 'other');
    await world.editClass('standard', { maxInstances: 1 });
    await world.createFleet(1);
    await world.putSecret('ws-1-env', { OWN: 'b' });
    await world.createWorkspace('ws-1');
    await world.until(
      'it waits for room',
      () => world.condition('ws-1', 'Ready')?.reason === 'ClassLimitReached',
    );
    await world.remove('ws-0');
    await world.editClass('standard', { instanceProfile: 'other' });
    await world.untilReady('ws-1');
    expect(made(world, 'other')).toHaveLength(1);
    await world.editClass('standard', { instanceProfile: 'standard' });
    await world.until('it follows', () => made(world, 'standard').length === 1);
    await world.untilReady('ws-1');
  },
);

story(
  'an edit that costs an instance nothing is on record with its successor, so that taking it back is a change',
  { standard: { ...STANDARD.standard, rootVolume: { sizeGiB: 60 } } },
  async (world) => {
    await world.createFleet(1);
    await world.editClass('standard', { rootVolume: { sizeGiB: 30 } });
    await world.pass(5 * MINUTE);
    expect(world.provisions()).toHaveLength(1);
    const [id = ''] = world.live('ws-0');
    world.faults.end(id);
    const { status } = await world.untilReady('ws-0', 2);
    expect(status?.launch?.params?.rootVolume?.sizeGiB).toBe(30);
    await world.editClass('standard', { rootVolume: { sizeGiB: 60 } });
    await world.untilReady('ws-0', 3);
    expect(world.workspace('ws-0').status?.launch?.params?.rootVolume?.sizeGiB).toBe(60);
    expect(world.provisions()).toHaveLength(3);
  },
);
