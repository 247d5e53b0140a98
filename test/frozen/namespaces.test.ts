import { expect, test } from 'vitest';
import { TAG } from '../../src/api/launch/tags.ts';
import { begin, type Code, PRESENT } from './operator.ts';
import { createHands } from './play/hands.ts';
import { conditionOf, secretNow } from './play/stage.ts';
import { revive, type World } from './play/world.ts';
import { loadCode, readFrozen, releases } from './releases.ts';

/** Who reads the Secret. */
const NAMES = ['ada', 'bob', 'cleo'];
const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespaced: true };

/** The operator that runs ends, the Secret changes, and one of another release begins. */
async function changeBetween(world: World, operator: { kill(): void }, code: Code, value: string) {
  const { scene } = world;
  operator.kill();
  await createHands(scene).do(secretNow('shared', { PASSWORD: value }));
  await scene.kube.delete(LEASES, 'workspace-operator', 'workspace-system');
  const before = scene.service.cloud.ledger.provisions().length;
  const next = begin(world, code, undefined);
  await scene.clock.advance(300_000);
  expect(next.refused).toEqual([]);
  const made = scene.service.cloud.ledger.provisions().slice(before);
  return { next, made: made.map(({ tags }) => tags[TAG.name]).sort() };
}

async function look(world: World) {
  const all = await Promise.all(NAMES.map(createHands(world.scene).read));
  const agents = world.scene.agents.reports();
  return all.map((workspace) => ({
    ready: conditionOf(workspace, 'Ready')?.status,
    upToDate: conditionOf(workspace, 'UpToDate')?.status,
    password: agents.findLast(({ uid }) => uid === workspace?.metadata.uid)?.environment?.PASSWORD,
  }));
}

const all = (password: string) => NAMES.map(() => ({ ready: 'True', upToDate: 'True', password }));
const keyLost = ({ scene }: World) =>
  scene.api.state.list('events').filter(([, { reason }]) => reason === 'KeyLost');

test.each(releases)(
  'a Secret that changes together with an upgrade from %s, or with the roll-back, is one change for each',
  async (release) => {
    const earlier = await loadCode(release);
    const world = await revive(readFrozen({ release, name: 'settled' }));
    const first = begin(world, earlier, undefined);
    await world.scene.clock.advance(60_000);

    const upgraded = await changeBetween(world, first, PRESENT, 'upgraded');
    expect(upgraded.made).toEqual(NAMES);
    expect(await look(world)).toEqual(all('upgraded'));
    const workspace = await createHands(world.scene).read('ada');
    expect(workspace?.status?.contents).toEqual([
      { env: workspace?.status?.desired?.env, sealed: expect.any(String) },
    ]);

    const back = await changeBetween(world, upgraded.next, earlier, 'back');
    expect(back.made).toEqual(NAMES);
    expect(await look(world)).toEqual(all('back'));

    const again = await changeBetween(world, back.next, PRESENT, 'again');
    expect(again.made).toEqual(NAMES);
    expect(await look(world)).toEqual(all('again'));
    expect(keyLost(world)).toEqual([]);
    again.next.kill();
  },
);
