import type { Budget, Process, TrueInstance, Version, World } from './world.ts';

export function spent(world: World, key: keyof Budget): Pick<World, 'budget'> {
  return { budget: { ...world.budget, [key]: world.budget[key] - 1 } };
}

export function processWith(world: World, changes: Partial<Process>): Pick<World, 'process'> {
  return { process: { ...world.process, ...changes } };
}

export function instancesWith(
  world: World,
  number: number,
  changes: Partial<TrueInstance>,
): Pick<World, 'instances'> {
  return { instances: world.instances.map((it) => (it.number === number ? { ...it, ...changes } : it)) };
}

/** The version that the process knows. */
export function seenBy({ object, process }: World): Version {
  return process.lagging ?? object;
}
