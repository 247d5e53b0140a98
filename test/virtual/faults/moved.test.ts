import { describe, expect } from 'vitest';
import { ABANDON_ANNOTATION, FINALIZER } from '../../../src/api/base/meta.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

// The operator may end orphans, and with hardly a grace: what is left alone here is left alone because it heartbeats.
const EAGER = {
  settings: { orphans: { policy: 'Terminate', graceMs: 30 * SECOND, intervalMs: 10 * SECOND } },
} as const;

interface Kept {
  finalizers: boolean;
  status: boolean;
}

async function ready(world: World, name: string): Promise<Workspace> {
  await world.putSecret(`${name}-env`, { KEY: 'a' });
  await world.createWorkspace(name);
  return world.untilReady(name, 1);
}

/** Lets the object go by the way out for a lost account: what it launched lives on without an owner. */
async function abandon(world: World, name: string): Promise<void> {
  world.letGo(world.workspace(name).metadata.uid);
  const metadata = { annotations: { [ABANDON_ANNOTATION]: 'true' } };
  await world.scene.kube.mergePatch(WORKSPACES, { name, namespace: NAMESPACE }, { metadata });
  await world.remove(name);
  await world.untilGone(name);
}

/** As a backup tool restores: a new object of that name with what the old one had, and, where asked for, its status. */
async function restore(
  world: World,
  backup: Workspace,
  keeps: Kept,
  namespace: string = NAMESPACE,
): Promise<Workspace> {
  const { name, finalizers } = backup.metadata;
  const metadata = { name, namespace, ...(keeps.finalizers && { finalizers }) };
  const { apiVersion, kind, spec, status } = backup;
  await world.scene.kube.create(WORKSPACES, { apiVersion, kind, metadata, spec }, namespace);
  const target = { name, namespace, subresource: 'status' as const };
  if (keeps.status) await world.scene.kube.mergePatch(WORKSPACES, target, { status });
  return world.workspace(`${namespace}/${name}`);
}

const CASES: [string, Kept][] = [
  ['plain', { finalizers: false, status: false }],
  ['with its finalizers', { finalizers: true, status: false }],
  ['with its status', { finalizers: false, status: true }],
  ['with both', { finalizers: true, status: true }],
];

describe('a Workspace that was moved: the same name, another uid, the old instance alive', () => {
  for (const [how, keeps] of CASES)
    story(
      `${how}: it gets an instance of its own, says so, and the old one is left alone`,
      EAGER,
      async (world) => {
        await ready(world, 'other');
        const before = await ready(world, 'ada');
        const old = before.status?.launch?.instanceID ?? '';
        await abandon(world, 'ada');
        const moved = await restore(world, before, keeps);
        expect(moved.metadata.uid).not.toBe(before.metadata.uid);

        const own = await world.until('its own instance serves', () => {
          const id = world.workspace('ada').status?.launch?.instanceID;
          return world.condition('ada', 'Ready')?.status === 'True' && id !== old && id;
        });
        expect(world.workspace('ada').metadata.finalizers).toEqual([FINALIZER]);
        await world.until('the old one is heard', () =>
          world.condition('ada', 'EarlierInstance')?.message.includes('still heartbeats'),
        );
        const { status, message } = world.condition('ada', 'EarlierInstance') ?? {};
        expect(status).toBe('True');
        expect(message).toContain(`${old} of uid ${before.metadata.uid}`);
        await world.until('an event says so', () =>
          world.events('ada').some(({ reason }) => reason === 'EarlierInstance'),
        );
        await world.pass(5 * MINUTE);
        expect(world.provisions('ada')).toHaveLength(2);
        expect(world.terminations()).toEqual([]);
        expect([...world.live('ada')].sort()).toEqual([old, own].sort());
        const logged = world.scene.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
        expect(logged).toContainEqual(
          expect.objectContaining({ event: 'orphan.found', instanceID: old, verdict: 'Heartbeating' }),
        );
      },
    );

  story('a copy in another namespace, status and all, leaves the original alone', EAGER, async (world) => {
    const original = await ready(world, 'ada');
    await world.createNamespace('copies');
    await world.putSecret('copies/ada-env', { KEY: 'a' });
    const copy = await restore(world, original, { finalizers: true, status: true }, 'copies');
    await world.until('the copy has an instance of its own', () =>
      world.provisions().some(({ tags }) => tags[TAG.uid] === copy.metadata.uid),
    );
    await world.untilReady('copies/ada', 1);
    await world.pass(5 * MINUTE);
    expect(world.terminations()).toEqual([]);
    expect(world.live()).toHaveLength(2);
    expect(world.workspace('ada').status?.launch).toEqual(original.status?.launch);
    expect(world.condition('ada', 'EarlierInstance')?.status).toBe('False');
  });
});
