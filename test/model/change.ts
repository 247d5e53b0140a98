import { timing } from './timing.ts';
import { freshProcess, type Version, type World } from './world.ts';

/** A possible next state, with a name for the trace. */
export type Step = [name: string, next: World];

const texts = new WeakMap<World, string>();

/** The world as text, which is its name too. Kept, as each world is copied once for every step out of it; it must not change any more. */
export function textOf(world: World): string {
  const text = texts.get(world) ?? JSON.stringify(world);
  texts.set(world, text);
  return text;
}

export function clone(world: World): World {
  return JSON.parse(texts.get(world) ?? JSON.stringify(world)) as World;
}

export function step(world: World, name: string, change: (next: World) => void): Step {
  const next = clone(world);
  change(next);
  noteLoss(next);
  return [name, next];
}

export function spend(world: World, key: keyof World['budget']): void {
  world.budget[key] -= 1;
}

export function crash(world: World): void {
  spend(world, 'crashes');
  world.process = freshProcess(world.now, world.budget.crashes + 1);
}

/** The Workspace changed; what it was may be what a new leader begins with. */
export function bump(world: World): void {
  if (world.budget.takeovers > 0) world.previous = versionOf(world);
  world.rv += 1;
}

function versionOf({ rv, status, restart, deleting, finalizer }: World): Version {
  return structuredClone({ rv, status, restart, deleting, finalizer });
}

/** The world as the process sees the Workspace. */
export function asSeen(world: World): World {
  return { ...world, ...world.process.lagging };
}

/** What observe does with a status that looks wiped, or older than an instance of ours. */
export function noteLoss(world: World): void {
  const { finalizer, status } = asSeen(world);
  const number = status?.launch?.number;
  const outrun = world.process.view.some((seen) => seen.number > (number ?? 0));
  if (finalizer && (number === undefined || outrun)) world.process.suspectSince ??= world.now;
  else delete world.process.suspectSince;
}

/** A second passes. What EC2 hides it shows again by T_vis, and by T_late what a former leader sent has arrived or never will. */
export function tick(world: World, ms: number): void {
  world.now += ms;
  for (const it of world.budget.overdue > 0 ? [] : world.instances) {
    if (it.hiddenSince !== undefined && world.now - it.hiddenSince >= timing.visibilityMs)
      delete it.hiddenSince;
  }
  if (world.stale?.effect && world.now - world.stale.lostAt >= timing.lateMs) {
    delete world.stale.effect;
    if (!world.stale.write) delete world.stale;
  }
}
