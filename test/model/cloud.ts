import { type Step, spend, step } from './change.ts';
import { timing } from './facts.ts';
import { land, write } from './passes.ts';
import type { World } from './world.ts';

export function cloud(world: World): Step[] {
  const result: Step[] = world.instances.flatMap((instance, index) => {
    const change = (name: string, amend: (it: World['instances'][number], next: World) => void) =>
      step(world, `${name} ${instance.number}`, (next) => {
        const it = next.instances[index];
        if (it) amend(it, next);
      });
    if (instance.state === 'pending')
      return [
        change('boots', (it) => {
          it.state = 'running';
        }),
      ];
    if (instance.state === 'running' && instance.env === undefined && mayBootstrap(world, instance.number)) {
      return [
        change('bootstraps', (it, next) => {
          it.env = next.content;
          it.alive = true;
        }),
      ];
    }
    if (instance.state === 'shutting-down') {
      return [
        change('terminated', (it) => {
          it.state = 'terminated';
          it.alive = false;
        }),
      ];
    }
    return [];
  });
  result.push(...sweeps(world));
  if (world.budget.ends > 0 && world.instances.some((it) => it.state === 'running')) {
    result.push(
      step(world, 'ends by itself', (next) => {
        spend(next, 'ends');
        for (const it of next.instances) if (it.state === 'running') it.state = 'terminated';
      }),
    );
  }
  return result;
}

/** What the gateway checks, in one version of the Workspace. */
function mayBootstrap(world: World, number: number): boolean {
  const { status } = world;
  return !world.deleting && status?.launch?.number === number && status.desired?.env === `k:${world.content}`;
}

/** A sweep shows everything, or lacks what is younger than T_vis. */
function sweeps(world: World): Step[] {
  const shown = (lag: boolean) =>
    world.instances.filter((it) => {
      const known = world.process.view.some((seen) => seen.number === it.number);
      return known || !lag || world.now - it.bornAt >= timing.visibilityMs;
    });
  const take = (next: World, lag: boolean) => {
    next.process.view = shown(lag).map(({ number, state }) => ({ number, state }));
    next.process.sweptAt = next.now;
  };
  const all = step(world, 'sweep', (next) => take(next, false));
  if (shown(true).length === shown(false).length) return [all];
  return [all, step(world, 'sweep that lags', (next) => take(next, true))];
}

/** Requests that were given up land after all, or never. */
export function landings(world: World): Step[] {
  const flights = world.flights.flatMap((flight, index) => {
    const without = (next: World) => next.flights.splice(index, 1);
    return [
      step(world, `flight ${flight.number} lands`, (next) => {
        without(next);
        land(next, flight.number);
      }),
      step(world, `flight ${flight.number} is lost`, without),
    ];
  });
  const writes = world.lateWrites.map(({ rv, status }) =>
    step(world, 'late write arrives', (next) => {
      next.lateWrites = [];
      if (rv !== next.rv) return;
      const { wrote } = next.process;
      write(next, status);
      next.process.wrote = wrote;
    }),
  );
  return [...flights, ...writes];
}
