import { expect, test } from 'vitest';
import { decodeWorkspace } from '../../src/api/kinds/decode.ts';
import { type Code, PRESENT } from './operator.ts';
import { type Course, follow } from './play/course.ts';
import type { World } from './play/world.ts';
import { loadCode, readFrozen, readSchemas, type State, states } from './releases.ts';

/** From one that ends amid a launch to one in which silence is judged; an odd number of them, so that each release has each. */
const LENGTHS = [19, 7, 41, 110, 31] as const;
const REST_MS = 60_000;
const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', namespaced: true };
const WORKSPACES = 'compute.molecule.ai/workspaces';

/** The next one need not wait for the lease of the one that is gone. */
async function freeLease({ scene }: World): Promise<void> {
  await scene.kube.delete(LEASES, 'workspace-operator', 'workspace-system');
}

/** Stores everything as the earlier release's definitions would have it, without what they do not know. */
function prune({ scene }: World, state: State): void {
  for (const [storage, schema] of readSchemas(state)) {
    for (const [key, object] of scene.api.state.list(storage)) {
      const { object: pruned } = schema.admit(object);
      expect({ key, wrong: schema.validate(pruned) }).toEqual({ key, wrong: [] });
      scene.api.state.put(storage, key, pruned);
    }
  }
}

/** What no operator may change where all is at rest. */
function atRest({ scene }: World) {
  const workspaces = scene.api.state.list(WORKSPACES).map(([, object]) => {
    const { metadata, status } = decodeWorkspace(object);
    const { launch, desired, provisions, handled, history, terminating, instance } = status ?? {};
    const { generation, env, machine } = desired ?? {};
    const present = {
      number: launch?.number,
      phase: launch?.phase,
      params: launch?.params,
      cause: launch?.cause,
    };
    return {
      name: metadata.name,
      generation,
      env,
      machine,
      present,
      provisions,
      handled,
      history,
      terminating,
      instance,
    };
  });
  const effects = scene.service.cloud.ledger
    .calls()
    .filter(({ action }) => /^(Run|Start|Stop|Terminate)/.test(action));
  return { workspaces, effects };
}

async function rest({ world, take }: Course, code: Code): Promise<void> {
  const before = atRest(world);
  await take(code);
  await world.scene.clock.advance(REST_MS);
  expect(atRest(world)).toEqual(before);
}

test.each(states)(
  '$release and this release take turns on $name, and nothing is lost or done twice',
  async (state) => {
    const earlier = await loadCode(state.release);
    let handovers = 0;
    const course = await follow(readFrozen(state), {
      codes: [PRESENT, earlier],
      lengths: LENGTHS,
      async between(world) {
        await freeLease(world);
        handovers += 1;
        // The definitions go back with the operator, or they stay, and so does what it does not know.
        if (handovers % 4 < 2) prune(world, state);
      },
    });
    await rest(course, earlier);
    await rest(course, PRESENT);
  },
);
