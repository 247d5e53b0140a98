import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { HOUR, MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const ONE_DOWN = { standard: { rollout: { maxUnavailable: '1', minIntervalSeconds: 10 } } };
const MINE = ['ws-0', 'ws-1', 'ws-2'];
const THEIRS = ['other/ws-3', 'other/ws-4', 'other/ws-5'];

/** Three Workspaces in each of two namespaces, each with a Secret of its own. */
async function createTwoNamespaces(world: World): Promise<readonly string[]> {
  await world.createNamespace('other');
  const names = [...MINE, ...THEIRS];
  for (const name of names) {
    await world.putSecret(`${name}-env`, { OWN: name });
    await world.createWorkspace(name);
  }
  await world.untilAllReady(1);
  return names;
}

async function rotate(world: World, names: readonly string[], to: string): Promise<void> {
  for (const name of names) await world.putSecret(`${name}-env`, { OWN: `${to} ${name}` });
}

function atMost(world: World, most: number): void {
  world.always(`at most ${most} are down`, () => world.down().length <= most || `${world.down()} are down`);
}

const rollout = (world: World) => world.classCondition('standard', 'RolloutComplete');

describe('two namespaces, each Workspace with a Secret of its own, one of which may be down', () => {
  story(
    'one that can’t boot with its own halts its namespace, and the other namespace goes on',
    ONE_DOWN,
    async (world) => {
      await createTwoNamespaces(world);
      atMost(world, 2);
      world.hold('ws-0', true);
      await rotate(world, ['ws-0'], 'b');
      await world.until('it is down', () => world.down().includes('ws-0'));
      await rotate(world, [...MINE.slice(1), ...THEIRS], 'b');
      for (const name of THEIRS)
        await world.until(`${name} follows`, () => world.find(name)?.status?.replacement?.servedAt, 3 * HOUR);
      await world.pass(HOUR);
      expect(world.down()).toEqual(['ws-0']);
      for (const name of MINE.slice(1))
        expect(world.condition(name, 'UpToDate')).toMatchObject({
          reason: 'RolloutHalted',
          message: expect.stringContaining('default/ws-0'),
        });
      expect(rollout(world)).toMatchObject({ status: 'False', reason: 'RolloutHalted' });
      expect(rollout(world)?.message).toContain('default/ws-0');
      world.hold('ws-0', false);
      await world.untilAllReady();
      await world.until('it is complete', () => rollout(world)?.status === 'True');
    },
  );

  story(
    'with a failure in each namespace the class halts, under any leader, until a person resumes it',
    ONE_DOWN,
    async (world) => {
      await createTwoNamespaces(world);
      atMost(world, 2);
      for (const name of ['ws-0', 'other/ws-3']) world.hold(name, true);
      await rotate(world, ['ws-0', 'other/ws-3'], 'b');
      await world.until('one is down', () => world.down().length > 0);
      await rotate(world, ['ws-1', 'ws-2', 'other/ws-4', 'other/ws-5'], 'b');
      const halted = () => world.klass('standard').status?.halted;
      await world.until('the class is halted', () => halted(), 3 * HOUR);
      expect(halted()).toMatchObject([{ content: '*', by: 'default/ws-0' }]);
      world.leader().kill();
      world.startOperator();
      await world.pass(HOUR);
      expect(world.down()).toHaveLength(2);
      for (const name of ['ws-0', 'other/ws-3']) world.hold(name, false);
      await world.until('they serve', () => world.down().length === 0);
      await world.pass(10 * MINUTE);
      expect(world.provisions('ws-1')).toHaveLength(1);
      await world.editClass('standard', { requests: { resume: 'now' } });
      await world.untilAllReady();
    },
  );

  story(
    'the type that one alone asks for has no capacity: its namespace halts, the other goes on',
    ONE_DOWN,
    async (world) => {
      await createTwoNamespaces(world);
      atMost(world, 2);
      world.refuse('ws-0', 'InsufficientInstanceCapacity');
      await world.edit('ws-0', { instanceType: 'm6i.large' });
      await world.until('it is refused', () => world.find('ws-0')?.status?.replacement?.refusedAt);
      await rotate(world, [...MINE.slice(1), ...THEIRS], 'b');
      for (const name of THEIRS) await world.untilReady(name, 2);
      await world.pass(30 * MINUTE);
      expect(world.down()).toEqual(['ws-0']);
      expect(rollout(world)?.status).toBe('False');
    },
  );

  story(
    'the quota is used up, and another operator leads again and again: one is down',
    ONE_DOWN,
    async (world) => {
      const names = await createTwoNamespaces(world);
      atMost(world, 1);
      world.quota({ vcpus: 0 });
      await rotate(world, names, 'b');
      for (let round = 0; round < 4; round += 1) {
        await world.pass(6 * MINUTE);
        world.leader().kill();
        world.startOperator();
      }
      expect(rollout(world)?.reason).toBe('RolloutHalted');
      world.quota({ vcpus: 5_000 });
      await world.untilAllReady();
    },
  );
});

describe('a shared Secret and own ones', () => {
  story(
    'the shared one is rotated and nothing boots: one is down, and the namespace halts',
    ONE_DOWN,
    async (world) => {
      for (let index = 0; index < 6; index += 1)
        await world.putSecret(`ws-${index}-own`, { OWN: `${index}` });
      await world.createFleet(6, (name) => (name < 'ws-3' ? {} : world.from('shared-env', `${name}-own`)));
      atMost(world, 1);
      world.hold('*', true);
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.pass(2 * HOUR);
      expect(rollout(world)?.reason).toBe('RolloutHalted');
      world.hold('*', false);
      await world.editClass('standard', { requests: { resume: 'now' } });
      await world.untilAllReady();
    },
  );
});
