import { describe, expect } from 'vitest';
import { objectKey } from '../../../dev/apiserver/storage/store.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { earlierRelease } from '../../simulator/scene/releases.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const TWO_DOWN = { releases: true, standard: { rollout: { maxUnavailable: '2' } } };
const FOUR_DOWN = { releases: true, standard: { rollout: { maxUnavailable: '4' } } };
/** A budget of two, and one for the namespace until it halts. */
const MOST = 3;

const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespaced: true };
const LAUNCH_KEYS = ['secrets', objectKey(OPERATOR_NAMESPACE, 'workspace-operator-launch-keys')] as const;

/** What the earlier release does not know of a status. */
const UNKNOWN = ['replacement', 'room', 'refusals'] as const;

/** Eight Workspaces, each with a Secret of its own. */
async function createEight(world: World): Promise<readonly string[]> {
  for (let index = 0; index < 8; index += 1) await world.putSecret(`ws-${index}-env`, { OWN: `a${index}` });
  return world.createFleet(8, (name) => world.from(`${name}-env`));
}

async function rotateAll(world: World, names: readonly string[]): Promise<void> {
  for (const name of names) await world.putSecret(`${name}-env`, { OWN: `b of ${name}` });
}

/** The operator ends, and one of another release leads. */
async function follow(world: World, release?: Awaited<ReturnType<typeof earlierRelease>>): Promise<void> {
  for (const operator of world.operators()) operator.kill();
  await world.scene.kube.delete(LEASES, 'workspace-operator', OPERATOR_NAMESPACE);
  // The definitions go back with the operator.
  release?.prune(world.scene);
  world.startOperator({}, release);
  await world.untilLeader();
}

function setLaunchKeys({ scene, note }: World, keys: JsonObject | undefined): void {
  note(`the launch keys are ${keys ? 'put back' : 'gone'}`);
  if (scene.api.state.get(...LAUNCH_KEYS)) scene.api.state.remove(...LAUNCH_KEYS);
  if (keys) scene.api.state.put(...LAUNCH_KEYS, keys);
}

function holdTo(world: World, most: number): void {
  world.always(`at most ${most} are down`, () => world.down().length <= most || `${world.down()} are down`);
}

/** Each had its first launch, and one for the change. */
function expectOneEach(world: World, names: readonly string[]): void {
  for (const name of names) expect([name, world.provisions(name).length]).toEqual([name, 2]);
}

describe('an earlier release in the middle of a roll-out:', () => {
  story('what it took down counts after the upgrade', TWO_DOWN, async (world) => {
    const names = await createEight(world);
    await follow(world, await earlierRelease());
    await world.pass(2 * MINUTE);
    world.hold('*', true);
    await rotateAll(world, names);
    await world.until('it takes some down', () => world.down().length === 2);
    await follow(world);
    holdTo(world, MOST);
    await world.pass(90 * MINUTE);
    expect(world.down().length).toBeGreaterThan(0);
    world.hold('*', false);
    await world.untilAllReady();
  });

  story('a downgrade and an upgrade provision nothing twice', TWO_DOWN, async (world) => {
    const names = await createEight(world);
    await rotateAll(world, names);
    await world.until('some are replaced', () => world.provisions().length === 11);
    await follow(world, await earlierRelease());
    await world.until('more are replaced', () => world.provisions().length === 13);
    await follow(world);
    holdTo(world, Math.max(2, world.down().length));
    await world.untilAllReady();
    await world.pass(10 * MINUTE);
    expectOneEach(world, names);
  });

  story('half of the fleet lacks what it does not know, while none boots', TWO_DOWN, async (world) => {
    const names = await createEight(world);
    holdTo(world, MOST);
    world.hold('*', true);
    await rotateAll(world, names);
    await world.pass(25 * MINUTE);
    for (const name of names.slice(0, 4)) {
      const status = Object.fromEntries(UNKNOWN.map((field) => [field, null]));
      const target = { namespace: NAMESPACE, name, subresource: 'status' as const };
      await world.scene.kube.mergePatch(WORKSPACES, target, { status });
    }
    await world.pass(5 * MINUTE);
    await follow(world);
    await world.pass(60 * MINUTE);
    world.hold('*', false);
    await world.untilAllReady();
  });

  story(
    'launches in doubt are made once, though the key that signs them is lost',
    FOUR_DOWN,
    async (world) => {
      const names = await createEight(world);
      const older = structuredClone(world.scene.api.state.get(...LAUNCH_KEYS));
      const lost = { kind: 'lostResponse', how: 'reset' } as const;
      const lift = world.ec2({ action: 'RunInstances', fault: lost, times: Number.POSITIVE_INFINITY });
      await rotateAll(world, names);
      await world.until('launches are in doubt', () => world.provisions().length >= 11);
      for (const operator of world.operators()) operator.kill();
      setLaunchKeys(world, undefined);
      await follow(world, await earlierRelease());
      await world.pass(30_000);
      await follow(world);
      await world.pass(30_000);
      setLaunchKeys(world, older);
      await follow(world);
      await world.pass(MINUTE);
      lift();
      await world.untilAllReady();
      await world.pass(10 * MINUTE);
      expectOneEach(world, names);
    },
  );
});
