import { describe, expect, test } from 'vitest';
import type { Workspace, WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { diff } from '../../../src/reconcilers/workspace/act/mergePatch.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { play, story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

/** As `kubectl replace --subresource=status`, or `kubectl patch … -p '{"status":null}'`: anyone with that right. */
async function putStatus(world: World, name: string, status: WorkspaceStatus | null): Promise<void> {
  const patch = status === null ? null : (diff(world.workspace(name).status, status) ?? {});
  const target = { name, namespace: NAMESPACE, subresource: 'status' as const };
  await world.scene.kube.mergePatch(WORKSPACES, target, { status: patch });
}

/** Ready with launch 1, or, having changed once, with launch 2; what it was before is returned beside it. */
async function ready(world: World, name: string, changes: 0 | 1) {
  await world.putSecret(`${name}-env`, { KEY: 'a' });
  await world.createWorkspace(name);
  const before = await world.untilReady(name, 1);
  if (changes === 0) return { before, now: before };
  await world.putSecret(`${name}-env`, { KEY: 'b' });
  await world.untilReady(name, 2);
  const now = await world.until(`the first instance of ${name} is gone`, () => {
    const it = world.workspace(name);
    return it.status?.terminating === undefined && it;
  });
  return { before, now };
}

interface Loss {
  name: string;
  changes: 0 | 1;
  status(it: { before: Workspace; now: Workspace }): WorkspaceStatus | null;
}

const LOSSES: Loss[] = [
  { name: 'wiped', changes: 0, status: () => null },
  { name: 'wiped-late', changes: 1, status: () => null },
  { name: 'older', changes: 1, status: ({ before }) => before.status ?? null },
  {
    // As it was when the launch was armed, and no answer had come.
    name: 'in-doubt',
    changes: 0,
    status({ now: { status } }) {
      if (!status?.launch) return null;
      const { instanceID: _id, readyAt: _at, ...launch } = status.launch;
      return { ...status, launch, instance: undefined, provisions: 0 };
    },
  },
];

/** After any status the cloud's books show the same instances, and the next change is one provision. */
async function expectConverged(world: World, name: string, changes: number, instance: string): Promise<void> {
  const again = await world.until(`the living instance of ${name} is on record`, () => {
    const it = world.workspace(name);
    const holds = ['Ready', 'UpToDate'].every((type) => world.condition(name, type)?.status === 'True');
    return holds && it.status?.launch?.instanceID === instance && it;
  });
  await world.pass(5 * MINUTE);
  expect(world.provisions(name)).toHaveLength(1 + changes);
  expect(world.terminations(name)).toHaveLength(changes);
  expect(world.live(name)).toEqual([instance]);
  await world.putSecret(`${name}-env`, { KEY: 'c' });
  const next = await world.untilReady(name, (again.status?.launch?.number ?? 0) + 1);
  await world.pass(5 * MINUTE);
  expect(world.provisions(name)).toHaveLength(2 + changes);
  expect(world.live(name)).toEqual([next.status?.launch?.instanceID]);
}

describe('a status lost while the operator runs', () => {
  test.each(LOSSES)('$name: the instance is found again, none is launched and none ended', (loss) =>
    play({}, async (world) => {
      const before = await ready(world, loss.name, loss.changes);
      await putStatus(world, loss.name, loss.status(before));
      await expectConverged(world, loss.name, loss.changes, before.now.status?.launch?.instanceID ?? '');
    }),
  );

  story('wiped and being deleted: it goes once its instance is found and ended', {}, async (world) => {
    const { now } = await ready(world, 'leaving', 0);
    await putStatus(world, 'leaving', null);
    await world.remove('leaving');
    await world.until('it is said', () => world.condition('leaving', 'Ready')?.reason === 'StatusLost');
    expect(world.live('leaving')).toEqual([now.status?.launch?.instanceID]);
    await world.untilGone('leaving');
    expect(world.live('leaving')).toEqual([]);
    expect(world.provisions('leaving')).toHaveLength(1);
    expect(world.terminations('leaving')).toHaveLength(1);
  });
});

story('statuses lost while the operator is down: the same, for each loss', {}, async (world) => {
  const lives = [];
  for (const loss of LOSSES) lives.push({ loss, before: await ready(world, loss.name, loss.changes) });
  await world.leader().stop();
  for (const { loss, before } of lives) await putStatus(world, loss.name, loss.status(before));
  world.startOperator();
  for (const { loss, before } of lives)
    await expectConverged(world, loss.name, loss.changes, before.now.status?.launch?.instanceID ?? '');
});
