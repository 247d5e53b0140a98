import { type Step, spend, step } from './change.ts';
import { finish, land, write } from './passes.ts';
import { timing } from './timing.ts';
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
  result.push(...sweeps(world), ...hidings(world));
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

/** An instance that was seen is not shown for a while, and is again at any moment before T_vis. */
function hidings(world: World): Step[] {
  return world.instances.flatMap((instance, index): Step[] => {
    const change = (name: string, hide: boolean) =>
      step(world, `${name} ${instance.number}`, (next) => {
        const it = next.instances[index];
        if (!it) return;
        if (hide) {
          spend(next, 'hidings');
          it.hiddenSince = next.now;
        } else delete it.hiddenSince;
      });
    if (instance.hiddenSince !== undefined) return [change('shows again', false)];
    const live = instance.state === 'pending' || instance.state === 'running';
    return world.budget.hidings > 0 && live ? [change('is hidden', true)] : [];
  });
}

/** A sweep with its look-ups shows everything, or lacks what is younger than T_vis; of what was seen it says NotFound. */
function sweeps(world: World): Step[] {
  const shown = (lag: boolean) =>
    world.instances.filter((it) => {
      const known = world.process.view.some((seen) => seen.number === it.number);
      if (it.hiddenSince !== undefined) return false;
      return known || !lag || world.now - it.bornAt >= timing.visibilityMs;
    });
  const take = (next: World, lag: boolean) => {
    const seen = shown(lag).map(({ number, state }) => ({ number, state }));
    const lacking = next.process.view
      .filter((known) => !seen.some(({ number }) => number === known.number))
      .map((known) => ({
        ...known,
        notFound: { firstAt: known.notFound?.firstAt ?? next.now, lastAt: next.now },
      }));
    next.process.view = [...seen, ...lacking];
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
  return [...flights, ...writes, ...stalePass(world)];
}

/** What a former leader had begun goes on by itself: its write, which only a version that it knew lets in, then its effect. */
function stalePass(world: World): Step[] {
  const { stale } = world;
  if (!stale) return [];
  const lost = step(world, 'the former leader dies', (next) => {
    delete next.stale;
  });
  if (!stale.write)
    return [step(world, 'the former leader’s effect arrives', (next) => finish(next, stale)), lost];
  const { write: status } = stale;
  const arrives = step(world, 'the former leader’s write arrives', (next) => {
    delete next.stale;
    if (stale.rv !== next.rv) return;
    const { wrote } = next.process;
    write(next, status);
    next.process.wrote = wrote;
    if (stale.effect) next.stale = { rv: next.rv, effect: stale.effect, lostAt: stale.lostAt };
  });
  return [arrives, lost];
}
