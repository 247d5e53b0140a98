import { bump, crash, type Step, spend, step, tick } from './change.ts';
import { cloud, landings } from './cloud.ts';
import { passes } from './passes.ts';
import { SECOND, timing } from './timing.ts';
import type { World } from './world.ts';

/** Every state that may follow. */
export function steps(world: World): Step[] {
  if (world.gone) return [...landings(world)];
  return [...passes(world), ...landings(world), ...cloud(world), ...people(world), ...mishaps(world)];
}

function people(world: World): Step[] {
  const result: Step[] = [];
  if (world.budget.edits > 0) {
    result.push(
      step(world, 'secret edited', (next) => {
        spend(next, 'edits');
        next.content += 1;
      }),
    );
  }
  if (world.budget.restarts > 0) {
    result.push(
      step(world, 'restart asked for', (next) => {
        spend(next, 'restarts');
        bump(next);
        next.restart = `r${next.budget.restarts}`;
      }),
    );
  }
  if (world.budget.deletions > 0 && world.finalizer && !world.deleting) {
    result.push(
      step(world, 'deleted', (next) => {
        spend(next, 'deletions');
        bump(next);
        next.deleting = true;
      }),
    );
  }
  return result;
}

function mishaps(world: World): Step[] {
  const result: Step[] = [];
  // T_late is the promise that a request given up has landed or died by then.
  const late = world.flights.some((flight) => world.now + SECOND - flight.sentAt >= timing.lateMs);
  if (world.budget.ticks > 0 && (!late || world.budget.overdue > 0)) {
    result.push(
      step(world, 'a second passes', (next) => {
        spend(next, 'ticks');
        tick(next, SECOND);
      }),
    );
  }
  if (world.budget.crashes > 0) result.push(step(world, 'crash', crash));
  return result;
}
