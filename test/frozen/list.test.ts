import { expect, test } from 'vitest';
import { stringAt } from '../../dev/apiserver/values/json.ts';
import { begin, type Code, PRESENT } from './operator.ts';
import { follow } from './play/course.ts';
import { createHands, NAMESPACE } from './play/hands.ts';
import { createJudge } from './play/judge.ts';
import { revive, type World } from './play/world.ts';
import { loadCode, readFrozen, releases } from './releases.ts';

const CLASSES = 'compute.molecule.ai/workspaceclasses';
const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespaced: true };
/** This release, as an operator of some namespaces: it asks and writes by namespace, and claims the classes that it uses. */
const LISTED: Code = {
  ...PRESENT,
  config: {
    ...PRESENT.config,
    kubernetes: { ...PRESENT.config.kubernetes, watchNamespaces: NAMESPACE },
  },
};
/** In which classes and what they share matter. */
const STATES = ['rolling', 'halted', 'failing', 'waiting'];

const freeLease = ({ scene }: World) =>
  scene.kube.delete(LEASES, 'workspace-operator', 'workspace-system').then(() => undefined);

function claims({ scene }: World): string[] {
  return scene.api.state
    .list(CLASSES)
    .map(([, object]) => stringAt((object.status ?? {}) as typeof object, 'operator'));
}

test.each(releases)('a list after %s costs one claim a class, and nothing else', async (release) => {
  const frozen = readFrozen({ release, name: 'settled' });
  const world = await revive(frozen);
  const judge = createJudge(world, frozen, createHands(world.scene));
  const before = claims(world);
  expect(before.filter(Boolean)).toEqual([]);
  expect(before.length).toBeGreaterThan(0);
  const first = begin(world, LISTED, undefined);
  await world.scene.clock.advance(120_000);
  expect(claims(world)).toEqual(before.map(() => 'workspace-system'));
  expect(await judge.look([])).toMatchObject({ provisions: {}, writes: before.length });

  // The release before serves all namespaces and knows of no claim; and then there is the list again.
  first.kill();
  await freeLease(world);
  const earlier = begin(world, await loadCode(release), undefined);
  await world.scene.clock.advance(120_000);
  earlier.kill();
  await freeLease(world);
  await judge.look([]);
  const again = begin(world, LISTED, undefined);
  await world.scene.clock.advance(120_000);
  expect(claims(world)).toEqual(before.map(() => 'workspace-system'));
  expect(await judge.look([])).toMatchObject({ provisions: {}, altered: [], replays: [] });
  expect([...first.refused, ...earlier.refused, ...again.refused]).toEqual([]);
  again.kill();
});

test.each(releases.flatMap((release) => STATES.map((name) => ({ release, name }))))(
  '$release for all namespaces and this release with a list take turns on $name',
  async (state) => {
    const codes = [LISTED, await loadCode(state.release)] as const;
    await follow(readFrozen(state), { codes, lengths: [31, 19, 110], between: freeLease });
  },
);
