import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { objectKey } from '../../../src/controller/cache/store.ts';
import { createFleet } from '../../../src/reconcilers/fleet/fleet.ts';
import { slotIsFree, unverified } from '../../../src/reconcilers/workspace/decide/replace/rollout.ts';
import { desiredOf, envDigest, launchOf, MINUTE, statusOf, waiting } from '../workspace/facts.ts';
import { conditionsOf, createFleetWorld, DOWN, serving } from './fleetWorld.ts';

export interface RollOutCosts {
  /** How often the fleet woke a Workspace because there might be a place for it. */
  wakes: number;
  /** How often it woke the class. */
  classWakes: number;
  passes: number;
  /** The most that were down at once. */
  mostDown: number;
}

const NEW = envDigest('b');
const DUE = desiredOf(2, 'b');
const CURRENT = desiredOf(1, 'b');
const upToDate = (reason: string) => conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', reason] });

/**
 * A Secret that all of a class share was rotated: each pass asks the fleet as `decide` does, waits or takes its place, and
 * what was taken down serves again once nothing else is to be done. Everything but the fleet costs next to nothing.
 */
export function rollOut(count: number, most: string): RollOutCosts {
  const world = createFleetWorld({ rollout: { maxUnavailable: most } });
  const spec = world.classes.get('standard')?.spec;
  if (!spec) throw new Error('the class is there');
  const costs: RollOutCosts = { wakes: 0, classWakes: 0, passes: 0, mostDown: 0 };
  const queue = new Set<string>();
  const down: string[] = [];
  const begun: WorkspaceStatus = statusOf({ launch: waiting(2), desired: DUE, conditions: DOWN });
  const done: WorkspaceStatus = serving(0, {
    desired: CURRENT,
    instance: { id: 'i-1', state: 'running', env: NEW },
  });
  for (let index = 0; index < count; index += 1) {
    const launch = launchOf({ submittedAt: new Date(MINUTE * index).toISOString() });
    world.write(`w${index}`, statusOf({ launch, desired: DUE, conditions: upToDate('Updating') }));
  }
  const fleet = createFleet({
    ...world,
    onClass: () => void costs.classWakes++,
    onPlace(key) {
      costs.wakes += 1;
      queue.add(key);
    },
  });
  world.workspaces.onChange(({ object }) => void queue.add(objectKey(object)));
  for (const key of world.workspaces.keys()) queue.add(key);

  const wait = (name: string, reason: string, now: WorkspaceStatus) => {
    if (now.conditions?.find(({ type }) => type === 'UpToDate')?.reason === reason) return;
    world.write(name, { ...now, conditions: upToDate(reason) });
  };
  const pass = (key: string) => {
    costs.passes += 1;
    const workspace = world.workspaces.get(key);
    const { status, metadata } = workspace ?? {};
    if (!workspace || !status || !metadata || status.launch?.number !== 1 || status.desired?.generation !== 2)
      return;
    const contents = [NEW];
    const fact = fleet.factFor(workspace, contents);
    if (unverified(fact, contents)) return wait(metadata.name, 'RolloutVerifying', status);
    if (!slotIsFree(fact, spec) || !fleet.take(workspace, { slot: true, room: false, contents }))
      return wait(metadata.name, 'RolloutQueued', status);
    world.write(metadata.name, begun);
    down.push(metadata.name);
    costs.mostDown = Math.max(costs.mostDown, down.length);
  };

  for (;;) {
    const [key] = queue;
    if (key !== undefined) {
      queue.delete(key);
      pass(key);
      continue;
    }
    const name = down.shift();
    if (name === undefined) return costs;
    world.write(name, done);
  }
}
