import { SECOND } from '../world/timing.ts';
import type { Step, World } from '../world/world.ts';
import { cloud, landings, tick } from './cloud.ts';
import { passes, stalePasses } from './passes.ts';
import { people } from './people.ts';
import type { Rules } from './rules.ts';

/** Every state that may follow. */
export function steps(world: World, rules: Rules): Step[] {
  if (world.gone) return [...landings(world), ...stalePasses(world)];
  const result = [
    ...passes(world, rules),
    ...landings(world),
    ...stalePasses(world),
    ...cloud(world),
    ...people(world),
  ];
  return world.budget.ticks > 0 ? [...result, ...tick(world, SECOND)] : result;
}
