import { freshProcess, type World } from './world.ts';

/** A possible next state, with a name for the trace. */
export type Step = [name: string, next: World];

export function clone(world: World): World {
  return JSON.parse(JSON.stringify(world)) as World;
}

export function step(world: World, name: string, change: (next: World) => void): Step {
  const next = clone(world);
  change(next);
  return [name, next];
}

export function spend(world: World, key: keyof World['budget']): void {
  world.budget[key] -= 1;
}

export function crash(world: World): void {
  spend(world, 'crashes');
  world.process = freshProcess(world.now, world.budget.crashes + 1);
}
